import type { ByteSource } from '@ttt-e2e/tensor-ops'

/** Where the files of a model are: on a disk, on a server, in memory. */
export interface ModelFolder {
  /** What to call it in errors. */
  readonly name: string
  /** The file, where it is no folder but one file alone. */
  readonly file?: string
  /** @returns undefined if there is no such file */
  open(file: string): Promise<ByteSource | undefined>
  /** 64 hexadecimal digits, where that is faster than to hash what is read. */
  sha256?(file: string): Promise<string>
}

/** A small file as text, undefined if there is none of that name. */
export async function readText(folder: ModelFolder, file: string): Promise<string | undefined> {
  const bytes = await folder.open(file)
  return bytes && new TextDecoder().decode(await bytes.read(0, bytes.size))
}
