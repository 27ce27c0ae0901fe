import { metaGradient } from '@ttt-e2e/meta-outer'
import {
  createRandom,
  disposeTree,
  relativeError,
  resolveEngine,
  tf,
  treeEntries,
  treeMap,
} from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystem } from './index'
import { tinyBatch, tinySize } from './testing'

/** Of each head in turn; the one named in the first place is everybody's. */
const logRates = [88, 89, 1e4, 3.4e38, Infinity, -Infinity, -1e30, -100, 60]

afterAll(() => resolveEngine('cpu'))

/** The parameters that extremes stand in. */
const gates = {
  mamba2: ['logRate'],
  'gated-deltanet': ['logRate'],
  'kda-pure': ['logRate'],
  'gdn2-pure': ['logRate'],
  mesanet: ['keepBias', 'countBias'],
  'ttt-e2e+mamba2': ['logRate'],
  'ttt-e2e+gated-deltanet': ['logRate'],
  'ttt-e2e+kda': ['logRate'],
  'ttt-e2e+gdn2': ['logRate'],
}

describe.each(Object.entries(gates))('%s', (name, extremes) => {
  const system = createSystem(name, { ...tinySize, layers: 2, suffixBlocks: 1 })
  const batch = tinyBatch(8)
  const run = async (first: number) => {
    const params = treeMap(system.decoder.init(createRandom(6)), (leaf, path) =>
      extremes.some((gate) => path.endsWith(gate))
        ? tf.tensor1d(
            Float32Array.from(leaf.dataSync(), (_, i) => (i === 0 ? first : logRates[i % logRates.length])),
          )
        : tf.mul(leaf, /norm/i.test(path) ? 1 : 8),
    )
    const { loss, tokenLosses, gradients } = await metaGradient(system, params, batch)
    const values = treeEntries(gradients).map(([path, leaf]): [string, number[]] => [
      path,
      [...leaf.dataSync()],
    ])
    disposeTree([params, gradients])
    return { loss, tokenLosses: [...tokenLosses], gradients: new Map(values) }
  }
  const truths: Awaited<ReturnType<typeof run>>[] = []
  beforeAll(async () => {
    await resolveEngine('cpu')
    for (const first of logRates) truths.push(await inFloat64(() => run(first)))
  })

  it.each(['cpu', 'native', 'wasm'])(
    'has the losses and gradients of float64 at any logarithm of a rate, or logit, on %s',
    async (engine) => {
      await resolveEngine(engine, engine === 'cpu' ? {} : { threads: 1 })
      for (const [i, first] of logRates.entries()) {
        const { loss, tokenLosses, gradients } = await run(first)
        expect(Number.isFinite(loss), `at ${first}`).toBe(true)
        expect(relativeError(Float32Array.from(tokenLosses), truths[i].tokenLosses)).toBeLessThan(1e-4)
        for (const [path, values] of gradients) {
          expect(values.every(Number.isFinite), `${path}, at ${first}`).toBe(true)
          const expected = truths[i].gradients.get(path)!
          const size = Math.max(1e-3, ...expected.map(Math.abs))
          values.forEach((value, j) => expect(Math.abs(value - expected[j]) / size, path).toBeLessThan(1e-3))
        }
      }
    },
  )
})
