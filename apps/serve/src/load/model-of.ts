import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import { Model, saveModel } from '@ttt-e2e/checkpoint'
import { byteTokenizer } from '@ttt-e2e/data'
import { modelFolder } from '@ttt-e2e/demo-model'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'

/** The bench's size S, for bytes. */
const sizeS = {
  vocabularySize: 257,
  hiddenSize: 256,
  heads: 4,
  layers: 6,
  intermediateSize: 704,
  suffixBlocks: 2,
  window: 256,
  chunk: 64,
  innerRate: 1,
  ropeTheta: 500_000,
}

export const modelNames = ['demo', 'S'] as const

/** A folder with the demo model, or with weights as drawn: how fast they are doesn't depend on what they know. */
export async function modelOf(name: (typeof modelNames)[number]): Promise<string> {
  if (name === 'demo') return modelFolder
  await resolveEngine('cpu')
  const system = createSystem('ttt-e2e', sizeS)
  const params = system.decoder.init(createRandom(1))
  const model = new Model({ system, params, tokenizer: byteTokenizer, hash: '0'.repeat(64) })
  const folder = join(mkdtempSync(join(tmpdir(), 'load-')), name)
  await saveModel(model, folder)
  model.dispose()
  return folder
}
