import { isThere, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { basename, resolve } from 'node:path'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { formatBytes } from '../../format'
import { callersFolder } from '../../run-command'
import type { Memories } from '../memories'
import { tell, type Output } from '../output'

/** Writes a memory to a file that isn't there yet, or to stdout for `-`. */
export async function exportMemory(
  memories: Memories,
  name: string,
  file: string | undefined,
  output: Output,
): Promise<void> {
  if (file === '-') {
    await writeWhole(name, await memories.export(name))
    return
  }
  const path = resolve(callersFolder(), file ?? `${name}.safetensors`)
  if (isThere(path))
    throw new UserError(`'${path}' is there already: name another file after ttt export ${name}`)
  const bytes = await memories.export(name)
  writeFileDurably(path, bytes)
  tell(output, { file: path, bytes: bytes.length }, `${path}: ${formatBytes(bytes.length)}`)
}

/** Takes in a file of `export`, or of stdin for `-`, by its own name where none is given. */
export async function importMemory(
  memories: Memories,
  file: string,
  name: string | undefined,
  output: Output,
): Promise<void> {
  if (file === '-' && name === undefined)
    throw new UserError('say by --save what to call what comes from stdin')
  const bytes = file === '-' ? await everything() : readWholeFile(resolve(callersFolder(), file))
  const facts = await memories.import(name ?? basename(file).replace(/\.safetensors$/, ''), bytes)
  tell(output, facts, `${facts.name ?? facts.id}: ${counted(facts.tokens, 'token')}`)
}

/** What is piped on is the result itself: half of one is none, but where its reader wants no more. */
async function writeWhole(name: string, bytes: Uint8Array): Promise<void> {
  const refused = await new Promise<Error | null | undefined>((taken) => process.stdout.write(bytes, taken))
  if (refused && (refused as NodeJS.ErrnoException).code !== 'EPIPE')
    throw new UserError(`the memory '${name}' was not written whole: write it to where there is room`)
}

async function everything(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of process.stdin) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}
