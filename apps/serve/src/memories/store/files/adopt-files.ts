import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError, loadMemory, type Model } from '@ttt-e2e/checkpoint'
import { readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { z } from 'zod'
import { defaultTenant } from '../../../tenants/tenant'
import { emptyTrace } from '../../memory-record'
import type { FilesStore } from './files-store'

const factsSchema = z.strictObject({
  name: z.string().nullable(),
  parent: z.string().nullable(),
  created: z.iso.datetime(),
})

/**
 * Takes in what servers without an index have written: `<id>.safetensors` with what was read and `<id>.json` with what is
 * said of it. What isn't sound, or of another model, stays where it is, and `onSkipped` hears why.
 */
export async function adoptFiles(
  folder: string,
  store: FilesStore,
  model: Model,
  onSkipped: (reason: string) => void,
): Promise<void> {
  for (const file of readdirSync(folder)) {
    const id = /^(mem_[0-9a-f]{24})\.safetensors$/.exec(file)?.[1]
    if (id === undefined) continue
    const [tensors, json] = [join(folder, file), join(folder, `${id}.json`)]
    try {
      const facts = factsSchema.parse(JSON.parse(readFileSync(json, 'utf8')))
      const memory = loadMemory(model, tensors)
      const { tokens, steps } = memory
      const bytes = memory.stateBytes()
      memory.dispose()
      const content = readWholeFile(tensors)
      // A process that ended between the two had adopted it already.
      if (!(await store.get(id)))
        await store.put(
          {
            id,
            version: 1,
            written: 1,
            tenant: defaultTenant,
            ...facts,
            used: new Date().toISOString(),
            modelHash: model.hash,
            tokens,
            steps,
            bytes,
            stored: content.length,
            pinned: false,
            readOnly: false,
            expires: null,
            ...emptyTrace,
          },
          content,
        )
      rmSync(tensors, { force: true })
      rmSync(json, { force: true })
    } catch (error) {
      const reason = error instanceof CheckpointError ? error.problems.join('; ') : `${id}.json is not sound`
      onSkipped(`the memory ${id} is left aside: ${reason}`)
    }
  }
}
