import { createSystem } from '@ttt-e2e/baselines'
import { loadModel } from '@ttt-e2e/checkpoint'
import { bigramStream } from '@ttt-e2e/data'
import { modelFolder } from '@ttt-e2e/demo-model'
import '@ttt-e2e/kernels/engines'
import { metaGradient, startRun, type Batch } from '@ttt-e2e/meta-outer'
import { disposeTree, resolveEngine, treeEntries, type Precision } from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { describe, expect, it } from 'vitest'
import { heldOutBooks } from './memory/held-out-books'

/** The demo model's. */
const chunk = 32

/** What bf16 may change: the direction of a meta-gradient, and a trained model's losses. */
const [leastCosine, mostNats] = [0.99, 0.01]

useEngine('native', { precision: 'bf16' })

/** The meta-gradient of every parameter, as plain values. */
async function gradientsIn(precision: Precision, system: System, params: Params, batch: Batch) {
  await resolveEngine('native', { precision })
  const { gradients } = await metaGradient(system, params, batch)
  const values = treeEntries(gradients).map(([path, tensor]) => [path, tensor.dataSync()] as const)
  disposeTree(gradients)
  return values
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i]
    aa += a[i] ** 2
    bb += b[i] ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

async function expectSameDirections(system: System, params: Params, batch: Batch) {
  const exact = await gradientsIn('f32', system, params, batch)
  const rounded = new Map(await gradientsIn('bf16', system, params, batch))
  expect(exact.some(([path, values]) => rounded.get(path)!.some((value, i) => value !== values[i]))).toBe(
    true,
  )
  for (const [path, values] of exact)
    expect(cosine(rounded.get(path)!, values), path).toBeGreaterThanOrEqual(leastCosine)
}

describe('the meta-gradient in bf16', () => {
  it('points where that in f32 does, before training', async () => {
    const size = { hiddenSize: 128, heads: 2, layers: 4, suffixBlocks: 2, intermediateSize: 352 }
    const reading = { vocabularySize: 512, window: 128, chunk: 64, innerRate: 1, ropeTheta: 5e5 }
    const system = createSystem('ttt-e2e', { ...size, ...reading })
    const data = bigramStream({ vocabularySize: 512, successors: 2, batch: 1, length: 512, seed: 1 })
    const { params } = startRun(system, 1)
    await expectSameDirections(system, params, (await data.next()).value!)
    disposeTree(params)
  })

  it('and after it', async () => {
    const model = await loadModel(modelFolder)
    const tokens = Int32Array.from(heldOutBooks()[0].tokens.slice(0, 513))
    const mask = new Uint8Array(512).fill(1)
    await expectSameDirections(model.system, model.params, {
      tokens,
      mask,
      batch: 1,
      length: 512,
      cursor: null,
    })
    model.dispose()
  })
})

describe('reading in bf16', () => {
  it('costs a trained model no more than rounding, after 512 chunks of learning too', async () => {
    const length = 576 * chunk
    const tokens = heldOutBooks()[0].tokens.slice(0, length)
    expect(tokens).toHaveLength(length)
    const [exact, rounded] = [await lossesIn('f32', tokens), await lossesIn('bf16', tokens)]
    expect(rounded).not.toEqual(exact)
    for (const [from, to] of [
      [0, length],
      [0, 64 * chunk],
      [512 * chunk, length],
    ])
      expect(Math.abs(mean(rounded.slice(from, to)) - mean(exact.slice(from, to)))).toBeLessThan(mostNats)
  })
})

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The loss of each token but a text's very first, which nothing stands before. */
async function lossesIn(precision: Precision, tokens: ArrayLike<number>): Promise<number[]> {
  const model = await loadModel(modelFolder, { engine: 'native', precision })
  const losses: number[] = []
  const memory = await model.read(tokens, { onProgress: (progress) => losses.push(...progress.losses) })
  memory.dispose()
  model.dispose()
  return losses.slice(1)
}
