import '@ttt-e2e/kernels/engines'
import {
  createRandom,
  disposeTree,
  relativeError,
  resolveEngine,
  tf,
  treeEntries,
  treeLeaves,
  treeMap,
} from '@ttt-e2e/tensor-ops'
import { derivative, inFloat64, useEngine } from '@ttt-e2e/tensor-ops/testing'
import { Reader, type Params, type System } from '@ttt-e2e/ttt-inner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metaGradient } from './meta-gradient'
import { randomBatch, smallSystem } from './testing'

/** The rule draws the fast weights back towards W₀. */
function decaying(decay: number | undefined, rate = 0.7): System {
  const system = smallSystem({ rate })
  return { ...system, rule: { ...system.rule!, ...(decay !== undefined && { decay }) } }
}

const parametersOf = (system: System): Params =>
  treeMap(system.decoder.init(createRandom(2)), (leaf, path) => (/norm/i.test(path) ? leaf : tf.mul(leaf, 8)))

beforeAll(() => resolveEngine('cpu'))
afterAll(() => resolveEngine('cpu'))

it.each([0.3, 1])('the meta-gradient of a decay of %d agrees with finite differences', async (decay) => {
  await inFloat64(async () => {
    const system = decaying(decay)
    const params = parametersOf(system)
    const batch = randomBatch(1, 14)
    const random = createRandom(7)
    const direction = treeLeaves(params).map(({ shape, size }) =>
      tf.tensor(
        Float32Array.from({ length: size }, () => random.normal()),
        shape,
      ),
    )
    const lossAt = async (step: number) => {
      let i = 0
      const moved = treeMap(params, (leaf) => tf.add(leaf, tf.mul(direction[i++], step)))
      return metaGradient(system, moved, batch)
    }
    const { gradients } = await lossAt(0)
    const analytic = treeLeaves(gradients).reduce(
      (sum, leaf, i) => sum + tf.sum(tf.mul(leaf, direction[i])).dataSync()[0],
      0,
    )
    const step = 1e-5
    const losses = new Map<number, number>()
    for (const n of [-2, -1, 1, 2]) losses.set(n * step, (await lossAt(n * step)).loss)
    const numeric = derivative((at) => losses.get(at)!, step)
    expect(Math.abs(numeric)).toBeGreaterThan(1e-3)
    expect(Math.abs(analytic - numeric)).toBeLessThan(1e-7 * Math.max(1, Math.abs(numeric)))
  })
})

describe.each(['cpu', 'native', 'wasm'])('on %s', (engine) => {
  useEngine(engine)

  it('each step is W + decay (W₀ − W) − rate · clip(g)', async () => {
    const system = decaying(0.3)
    const params = parametersOf(system)
    const { record, gradients, innerNorms } = await metaGradient(system, params, randomBatch(1, 16), {
      record: true,
    })
    const start = params.prime[1].w2.dataSync()
    let before = start
    record!.chunks.forEach(({ fast, gradient }, i) => {
      const factor = 0.7 * Math.min(1, 1 / innerNorms[i])
      const g = gradient![1].w2.dataSync()
      const expected = before.map((w, j) => w + 0.3 * (start[j] - w) - factor * g[j])
      before = fast![1].w2.dataSync()
      expect(relativeError(before, expected), `step ${i}`).toBeLessThan(1e-5)
    })
    expect(relativeError(before, start)).toBeGreaterThan(1e-3)
    disposeTree(gradients)
  })

  it('a decay of 0 has the bits of none', async () => {
    const params = parametersOf(decaying(0))
    const [none, zero] = [
      await metaGradient(decaying(undefined), params, randomBatch(2, 14)),
      await metaGradient(decaying(0), params, randomBatch(2, 14)),
    ]
    expect(zero.tokenLosses).toEqual(none.tokenLosses)
    const expected = new Map(treeEntries(none.gradients))
    for (const [path, leaf] of treeEntries(zero.gradients))
      expect(leaf.dataSync(), path).toEqual(expected.get(path)!.dataSync())
  })

  it('a reader, by its rule or as it is told, has the losses of training, one token at a time too', async () => {
    const batch = randomBatch(1, 22)
    const params = parametersOf(decaying(0.3))
    const { tokenLosses, gradients } = await metaGradient(decaying(0.3), params, batch)
    disposeTree(gradients)
    for (const [system, options, sizes] of [
      [decaying(0.3), {}, [1, 4, 23]],
      [decaying(undefined), { decay: 0.3 }, [23]],
      [decaying(0.9), { decay: 0.3 }, [23]],
    ] as const)
      for (const pieces of sizes) {
        const reader = new Reader(system, params, options)
        const losses: number[] = []
        for (let at = 0; at < 23; at += pieces)
          losses.push(...(await reader.read(batch.tokens.slice(at, at + pieces))))
        reader.dispose()
        expect(relativeError(Float32Array.from(losses.slice(1)), tokenLosses)).toBeLessThan(1e-5)
      }
    const without = await metaGradient(decaying(undefined), params, batch)
    disposeTree(without.gradients)
    expect(relativeError(without.tokenLosses, tokenLosses)).toBeGreaterThan(1e-3)
  })
})
