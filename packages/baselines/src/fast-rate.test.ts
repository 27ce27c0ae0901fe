import '@ttt-e2e/kernels/engines'
import { metaGradient } from '@ttt-e2e/meta-outer'
import { createRandom, disposeTree, relativeError, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { architectureOf, buildSystem } from './index'
import { tinyBatch, tinySize } from './testing'

const withRate = (name: string, option: string, rate: number) => {
  const architecture = architectureOf(name, { ...tinySize, layers: 1, suffixBlocks: 0 })
  const mixers = architecture.mixers.map((mixer) =>
    mixer.name === name ? { ...mixer, options: { ...mixer.options, [option]: rate } } : mixer,
  )
  return buildSystem({ ...architecture, mixers })
}

afterAll(() => resolveEngine('cpu'))

describe.each([
  ['ttt-linear', 'baseRate', [1e3, 1e8]],
  ['ttt-mlp', 'baseRate', [1e3, 1e8]],
  ['ttt-kvb', 'baseRate', [1e3, 1e8]],
  ['in-place-ttt', 'rate', [1e3, 1e8]],
  ['titans', 'maxRate', [10]],
] as const)('%s', (name, option, rates) => {
  it.each(['cpu', 'native', 'wasm'])('learns at large rates as in float64, on %s', async (engine) => {
    for (const rate of rates) {
      const run = async () => {
        const system = withRate(name, option, rate)
        const params = system.decoder.init(createRandom(6))
        const { tokenLosses, gradients } = await metaGradient(system, params, tinyBatch(12))
        const areFinite = treeEntries(gradients).every(([, leaf]) => leaf.dataSync().every(Number.isFinite))
        disposeTree([params, gradients])
        return { tokenLosses: [...tokenLosses], areFinite }
      }
      await resolveEngine('cpu')
      const truth = await inFloat64(run)
      await resolveEngine(engine, engine === 'cpu' ? {} : { threads: 1 })
      const { tokenLosses, areFinite } = await run()
      expect(relativeError(Float32Array.from(tokenLosses), truth.tokenLosses)).toBeLessThan(1e-4)
      expect(areFinite).toBe(true)
    }
  })

  it.each([1e19, 1e30, Infinity, NaN])('refuses a rate of %d', (rate) => {
    expect(() => withRate(name, option, rate)).toThrow(
      new RegExp(`the mixer '${name}' can't be as it is described: ${option}: must be a[^;]*$`),
    )
  })
})
