import { memoryFileFacts } from '@ttt-e2e/checkpoint'
import {
  asFileError,
  checkNotLocked,
  LockTaken,
  makeFolder,
  readWholeFile,
  takeLock,
  writeFileDurably,
} from '@ttt-e2e/tensor-ops/files'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { MemoryFacts } from '../memories'
import { nameTaken } from '../name-taken'

const ending = '.safetensors'

/** The files of a folder's memories: `moby.safetensors` is the memory moby, as a server exports and imports it. */
export class MemoryFiles {
  constructor(private readonly folder: string) {}

  list(): MemoryFacts[] {
    const names = this.fileNames()
      .filter((file) => file.endsWith(ending) && isName(file.slice(0, -ending.length)))
      .map((file) => file.slice(0, -ending.length))
    return names.sort().flatMap((name) => factsOf(name, this.read(name)) ?? [])
  }

  private fileNames(): string[] {
    try {
      return readdirSync(this.folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw asFileError(error, { path: this.folder })
    }
  }

  /** @throws UserError if there is none of that name; FileError */
  read(name: string): Buffer {
    this.find(name)
    return readWholeFile(this.pathOf(name))
  }

  /** @throws FileError; nothing is changed then */
  write(name: string, bytes: Uint8Array): MemoryFacts {
    writeFileDurably(this.pathOf(name), bytes)
    return factsOf(name, bytes)!
  }

  remove(name: string): void {
    this.find(name)
    rmSync(this.pathOf(name))
  }

  /** @throws UserError if there is no memory of that name */
  find(name: string): void {
    if (existsSync(this.pathOf(name))) return
    throw new UserError(
      `there is no memory '${name}' in ${this.folder}: ttt ls lists those that there are, ttt read makes one`,
    )
  }

  /** @throws UserError if there is one of that name already */
  vacant(name: string): void {
    if (existsSync(this.pathOf(name))) throw nameTaken(name)
  }

  /**
   * Makes this process the only one that changes a memory, until the function returned is called or the process ends.
   *
   * @throws UserError if another one does, or has the whole folder, as a server its memories
   */
  lock(name: string): () => void {
    makeFolder(this.folder)
    checkNotLocked(this.folder)
    this.pathOf(name)
    try {
      return takeLock(join(this.folder, `.${name}.lock`))
    } catch (error) {
      if (!(error instanceof LockTaken)) throw error
      const who = error.holder ? `process ${error.holder.pid}` : 'another process'
      throw new UserError(`${who} writes to the memory '${name}': wait for its end, or fork the memory first`)
    }
  }

  /** @throws UserError for a name that can't be a file's */
  private pathOf(name: string): string {
    if (!isName(name))
      throw new UserError(
        `'${name}' can't be a memory's name in a folder: it must be of 1 to 100 letters, digits, blanks, dots, - and _, and begin with a letter or digit`,
      )
    return join(this.folder, name + ending)
  }
}

const isName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,99}$/u.test(name)

function factsOf(name: string, bytes: Uint8Array): MemoryFacts | undefined {
  const facts = memoryFileFacts(bytes)
  return facts && { id: name, name, tokens: facts.tokens, steps: facts.steps, model_hash: facts.modelHash }
}
