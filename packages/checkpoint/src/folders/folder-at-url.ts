import { bytesInMemory, type ByteSource } from '@ttt-e2e/tensor-ops'
import type { ModelFolder } from './model-folder'

/** Files by name, each at a URL of its own, as bundlers make them of a model's files. */
export type FileUrls = Readonly<Record<string, string | URL>>

/** A folder, or a GGUF file, on a server. Its files are read by range where the server can, else whole, once. */
export function folderAtUrl(at: string | URL | FileUrls): ModelFolder {
  const isFolder = typeof at === 'string' || at instanceof URL
  const name = isFolder ? String(at) : Object.values(at).map(String).join(', ')
  const urlOf = (file: string): string | undefined => {
    if (!isFolder) return Object.hasOwn(at, file) ? String(at[file]) : undefined
    return `${String(at).replace(/\/$/, '')}/${file}`
  }
  const alone = isFolder ? /\/([^/?#]+\.gguf)(?:[?#].*)?$/.exec(String(at))?.[1] : undefined
  if (alone !== undefined)
    return { name, file: alone, open: async (file) => (file === alone ? openUrl(String(at)) : undefined) }
  return {
    name,
    async open(file) {
      const url = urlOf(file)
      return url === undefined ? undefined : openUrl(url)
    },
  }
}

async function openUrl(url: string): Promise<ByteSource | undefined> {
  const answer = await fetch(url, { headers: { Range: 'bytes=0-0' } })
  if (answer.status === 404) return undefined
  // A file of no bytes has no first one.
  if (answer.status === 416) return bytesInMemory(new Uint8Array())
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`)
  const size = /\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '')?.[1]
  if (answer.status !== 206 || size === undefined)
    return bytesInMemory(new Uint8Array(await answer.arrayBuffer()))
  await answer.arrayBuffer()
  return {
    size: Number(size),
    async read(start, end) {
      if (start === end) return new Uint8Array()
      const part = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` } })
      const bytes = new Uint8Array(await part.arrayBuffer())
      if (part.status !== 206 || bytes.length !== end - start)
        throw new Error(
          `${url}: bytes ${start} to ${end} were asked for, ${bytes.length} came (${part.status})`,
        )
      return bytes
    },
  }
}
