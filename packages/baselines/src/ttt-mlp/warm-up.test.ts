import { metaGradient, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import {
  createRandom,
  disposeTree,
  relativeError,
  tf,
  treeEntries,
  treeMap,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import '@ttt-e2e/kernels/engines'
import { describe, expect, it } from 'vitest'
import { createSystem, tttLinearMixer, tttMlpMixer, type NamedDefinition } from '../index'
import { tinyBatch, tinySize } from '../testing'

const size = { ...tinySize, layers: 2 }
const batch = tinyBatch(8)

/** With a rule, whose rate is warmed up too, one of the mixers is in the prefix and one in the suffix. */
const systemOf = (pattern: NamedDefinition['pattern'], rate: number) =>
  createSystem(
    { name: 'learns twice', summary: '', pattern, knob: { of: 'MLPs' }, primes: true, learns: true },
    { ...size, innerRate: rate },
  )

/** Weights large enough that what mixers learn shows. */
const parametersOf = (system: ReturnType<typeof createSystem>) =>
  treeMap(system.decoder.init(createRandom(6)), (leaf) => tf.mul(leaf, 8))

describe.each(['cpu', 'native'])('while the inner rates are warmed up, on %s', (engine) => {
  useEngine(engine)

  it('TTT-MLP learns at that share of its base rate, replayed too', async () => {
    const system = systemOf(() => [tttMlpMixer({ baseRate: 4 })], 0.7)
    const params = parametersOf(system)
    for (const multiplier of [0.1, 0.4, 0.7, 1]) {
      const warming = await metaGradient(system, params, batch, { innerRateMultiplier: multiplier })
      const slow = systemOf(() => [tttMlpMixer({ baseRate: 4 * multiplier })], 0.7 * multiplier)
      const expected = await metaGradient(slow, params, batch)
      expect(relativeError(warming.tokenLosses, expected.tokenLosses)).toBeLessThan(1e-6)
      const gradients = new Map(treeEntries(expected.gradients))
      for (const [path, leaf] of treeEntries(warming.gradients))
        expect(relativeError(leaf.dataSync(), gradients.get(path)!.dataSync()), path).toBeLessThan(1e-4)
      disposeTree([warming.gradients, expected.gradients] as TensorTree)
    }
    const only = systemOf(() => [tttMlpMixer({ baseRate: 4 })], 0.07)
    const [all, rule] = [
      await metaGradient(system, params, batch, { innerRateMultiplier: 0.1 }),
      await metaGradient(only, params, batch),
    ]
    expect(relativeError(all.tokenLosses, rule.tokenLosses)).toBeGreaterThan(1e-3)
    disposeTree([params, all.gradients, rule.gradients] as TensorTree)
  })

  it('TTT-Linear, which was published without, learns at its own', async () => {
    const system = systemOf(() => [tttLinearMixer()], 0)
    const params = parametersOf(system)
    const [warming, warm] = [
      await metaGradient(system, params, batch, { innerRateMultiplier: 0.1 }),
      await metaGradient(system, params, batch),
    ]
    expect(warming.tokenLosses).toEqual(warm.tokenLosses)
    disposeTree([params, warming.gradients, warm.gradients] as TensorTree)
  })

  it('steps report the rate', async () => {
    const ratesOf = async (name: string) => {
      const system = createSystem(name, size)
      const state = startRun(system, 1)
      const optimizer = standardOptimizer(standardSchedule(30, 1e-2))
      const rates = []
      for (let step = 0; step < 4; step++)
        rates.push((await trainStep(system, state, batch, optimizer)).innerRate)
      disposeTree([state.params, state.firstMoments, state.secondMoments])
      return rates
    }
    expect(await ratesOf('ttt-mlp')).toEqual([0.04, 0.07, 0.1, 0.1].map((rate) => expect.closeTo(rate, 10)))
    expect(await ratesOf('ttt-linear')).toEqual([0, 0, 0, 0])
  })
})
