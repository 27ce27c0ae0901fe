import { readFileSync } from 'node:fs'
import { CheckpointError } from './checkpoint-error'
import { writeFileDurably } from './durable-files'
import type { Memory } from './memory'
import { decodeMemory, encodeMemory } from './memory-file'
import type { Model } from './model'

/** Writes a memory to a file, whole or not at all. */
export async function saveMemory(memory: Memory, path: string): Promise<void> {
  writeFileDurably(path, await encodeMemory(memory))
}

/** Reads a memory from a file. @throws CheckpointError as `decodeMemory`, or if there is no such file */
export function loadMemory(model: Model, path: string): Memory {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new CheckpointError(path, [`it can't be read (${(error as NodeJS.ErrnoException).code})`])
  }
  return decodeMemory(model, bytes, path)
}
