import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '@ttt-e2e/kernels/engines'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import { loadModel } from './load-model'
import { saveMemory } from './memory-on-disk'
import { saveCheckpoint } from './save-checkpoint'
import { outputOf, startChild } from './testing/child'
import { microRecipe, microRun } from './testing/micro-run'

const folder = mkdtempSync(join(tmpdir(), 'another-process-'))

describe.each(['cpu', 'native', 'wasm'])('a memory in a file, on %s', (engine) => {
  useEngine(engine)

  it.each(['ttt-e2e', 'full-attention'])(
    'goes on in another process with the same bits, reading only what is new: %s',
    async (system) => {
      const run = join(folder, `${engine}-${system}`)
      await saveCheckpoint(run, microRun(microRecipe(system)))
      const model = await loadModel(run)
      // The last chunk is open: 57 tokens, of which the last one waits for the token after it.
      const memory = await model.read('The sea keeps what it takes, and gives back what it will.')
      const file = join(folder, `${engine}-${system}.memory.safetensors`)
      await saveMemory(memory, file)
      const more = ' And what it keeps it forgets.'
      const child = outputOf(await startChild('continue-memory.ts', engine, run, file, more))
      await model.read(more, { memory })
      const logits = Buffer.from((await memory.reader.nextLogits()).buffer).toString('hex')
      expect(JSON.parse(await child)).toEqual({ before: 57, read: more.length, steps: memory.steps, logits })
      memory.dispose()
      model.dispose()
    },
  )
})
