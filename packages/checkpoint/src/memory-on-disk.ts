import { FileError, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import type { Memory } from './memory'
import { decodeMemory, encodeMemory } from './memory-file'
import type { Model } from './model'

/** Writes a memory to a file, whole or not at all. @throws FileError if the file system refuses */
export async function saveMemory(memory: Memory, path: string): Promise<void> {
  writeFileDurably(path, await encodeMemory(memory))
}

/** Reads a memory from a file. @throws CheckpointError as `decodeMemory`, or if there is no such file */
export function loadMemory(model: Model, path: string): Memory {
  let bytes: Uint8Array
  try {
    bytes = readWholeFile(path)
  } catch (error) {
    throw error instanceof FileError
      ? new CheckpointError(path, [`it can't be read: ${error.reason}`])
      : error
  }
  return decodeMemory(model, bytes, path)
}
