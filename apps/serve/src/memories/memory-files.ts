import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError, loadMemory, saveMemory, type Model } from '@ttt-e2e/checkpoint'
import { makeFolder, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { z } from 'zod'
import type { StoredMemory } from './stored-memory'

const factsSchema = z.strictObject({
  name: z.string().nullable(),
  parent: z.string().nullable(),
  created: z.iso.datetime(),
})

/** Keeps memories in a folder: `<id>.safetensors` with what was read and `<id>.json` with what is said of it. */
export class MemoryFiles {
  constructor(private readonly folder: string) {
    makeFolder(folder)
  }

  /**
   * Writes a memory whole or not at all: without its tensors' file, what is said of it counts for nothing.
   *
   * @throws FileError if the file system refuses; what was there before is there still, and nothing else
   */
  async write({ id, name, parent, created, memory }: StoredMemory): Promise<void> {
    const facts = { name, parent, created: created.toISOString() }
    const isNew = !existsSync(this.path(id, 'safetensors'))
    try {
      writeFileDurably(this.path(id, 'json'), `${JSON.stringify(facts, null, 2)}\n`)
      await saveMemory(memory, this.path(id, 'safetensors'))
    } catch (error) {
      // Neither file is worth anything without the other.
      if (isNew) this.removeIfPossible(id)
      throw error
    }
  }

  /** @throws file system errors */
  remove(id: string): void {
    rmSync(this.path(id, 'safetensors'), { force: true })
    rmSync(this.path(id, 'json'), { force: true })
  }

  /** The memories of a model that are there. Others stay where they are, and `onSkipped` hears why. */
  load(model: Model, onSkipped: (reason: string) => void): StoredMemory[] {
    const found = readdirSync(this.folder).flatMap(
      (file) => /^(mem_[0-9a-f]{24})\.safetensors$/.exec(file)?.[1] ?? [],
    )
    return found.flatMap((id) => {
      try {
        const { created, ...facts } = factsSchema.parse(
          JSON.parse(readFileSync(this.path(id, 'json'), 'utf8')),
        )
        const memory = loadMemory(model, this.path(id, 'safetensors'))
        return [{ id, ...facts, created: new Date(created), memory }]
      } catch (error) {
        const reason =
          error instanceof CheckpointError ? error.problems.join('; ') : `${id}.json is not sound`
        onSkipped(`the memory ${id} is left aside: ${reason}`)
        return []
      }
    })
  }

  private removeIfPossible(id: string): void {
    try {
      this.remove(id)
    } catch {
      // The reason why it could not be written is the one to tell.
    }
  }

  private path(id: string, type: 'json' | 'safetensors'): string {
    return join(this.folder, `${id}.${type}`)
  }
}
