import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createRandom,
  disposeTree,
  liveTensors,
  relativeError,
  resolveEngine,
  tf,
  treeEntries,
  treeLeaves,
  treeMap,
  usePrograms,
  type Batch,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { derivative, inFloat64, useEngine } from '@ttt-e2e/tensor-ops/testing'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { metaGradient, type MetaGradient, type MetaGradientOptions } from './meta-gradient'
import { randomBatch, smallSystem } from './testing'

beforeAll(() => resolveEngine('cpu'))

/** Parameters large enough that inner gradients are clipped in some chunks and not in others; random norm scales. */
function parametersOf(system: System, scale = 8): Params {
  const random = createRandom(2)
  const params = system.decoder.init(random)
  return treeMap(params, (leaf, path) =>
    /norm/i.test(path)
      ? tf.tensor(
          Float32Array.from(leaf.dataSync(), () => 0.6 + random.uniform()),
          leaf.shape,
        )
      : tf.mul(leaf, scale),
  )
}

const lossAt = async (system: System, params: Params, batch: Batch) => {
  const { loss, gradients } = await metaGradient(system, params, batch)
  disposeTree(gradients)
  return loss
}

const recordOf = ({ record }: MetaGradient): TensorTree =>
  record ? [record.prefixOutput, record.chunks as unknown as TensorTree] : []

/** The loss bends strongly with parameters this large; float64 leaves about 1e-10 of noise at this step. */
const smallStep = 1e-5

/** The derivative of the loss along a random direction in the leaves that `moves` names, and what the gradient says. */
async function alongDirection(
  system: System,
  batch: Batch,
  moves: (path: string) => boolean,
  params = parametersOf(system),
) {
  const random = createRandom(7)
  const direction = treeMap(params, (leaf, path) =>
    tf.tensor(
      Float32Array.from({ length: leaf.size }, () => (moves(path) ? random.normal() : 0)),
      leaf.shape,
    ),
  )
  const { gradients, record } = await metaGradient(system, params, batch, { record: true })
  const dot = (a: Params, b: Params) => {
    const right = treeLeaves(b)
    return treeLeaves(a).reduce((sum, leaf, i) => sum + tf.sum(tf.mul(leaf, right[i])).dataSync()[0], 0)
  }
  const losses = new Map<number, number>()
  for (const step of [-2, -1, 1, 2].map((n) => n * smallStep)) {
    const right = treeLeaves(direction)
    let i = 0
    losses.set(
      step,
      await lossAt(
        system,
        treeMap(params, (leaf) => tf.add(leaf, tf.mul(right[i++], step))),
        batch,
      ),
    )
  }
  return {
    analytic: dot(gradients, direction),
    numeric: derivative((step) => losses.get(step)!, smallStep),
    direction,
    record: record!,
  }
}

const cases: [string, System, Batch][] = [
  ['two suffix blocks', smallSystem(), randomBatch(2, 12)],
  ['one suffix block', smallSystem({ suffixBlocks: 1 }), randomBatch(2, 12)],
  ['a ragged last chunk', smallSystem(), randomBatch(2, 10)],
  ['a sequence shorter than a chunk', smallSystem(), randomBatch(1, 3)],
  ['masked targets and a chunk without any', smallSystem(), randomBatch(2, 12, [0, 5, 4, 6, 7, 20])],
  ['full attention', smallSystem({ window: 0 }), randomBatch(1, 12)],
  ['no rule', smallSystem({ learns: false }), randomBatch(2, 10)],
  ['no rule and no prime', smallSystem({ learns: false, suffixBlocks: 0 }), randomBatch(2, 12)],
]

describe('the meta-gradient', () => {
  it.each(cases)('agrees with finite differences in float64: %s', async (_, system, batch) => {
    await inFloat64(async () => {
      const { analytic, numeric } = await alongDirection(system, batch, () => true)
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-7 * Math.max(1, Math.abs(numeric)))
      expect(Math.abs(numeric)).toBeGreaterThan(1e-3)
    })
  })

  it('is not the first-order one, which drops the gradient of the inner gradient', async () => {
    await inFloat64(async () => {
      const system = smallSystem({ suffixBlocks: 1 })
      const batch = randomBatch(2, 12)
      const { analytic, numeric, direction, record } = await alongDirection(system, batch, (path) =>
        path.startsWith('prime'),
      )
      // First order: every W_i moves as W_0 does, so the gradient is the mean of the chunks' own inner gradients.
      const weight = 1 / (batch.batch * record.chunks.length)
      const firstOrder = record.chunks.reduce(
        (sum, { gradient }) =>
          sum +
          (['w1', 'w3', 'w2'] as const).reduce(
            (inner, name) =>
              inner +
              tf.sum(tf.mul(tf.sum(gradient![0][name], 0), direction.prime[0][name])).dataSync()[0] * weight,
            0,
          ),
        0,
      )
      const tolerance = 1e-7 * Math.abs(numeric)
      expect(Math.abs(analytic - numeric)).toBeLessThan(tolerance)
      expect(Math.abs(firstOrder - numeric)).toBeGreaterThan(1e5 * tolerance)
    })
  })
})

describe('where a window is as wide as the text, so that caches last and stand once', () => {
  useEngine('wasm')

  it.each([0, 64])('is the same bits whatever is carried, in a window of %i', async (window) => {
    const system = smallSystem({ window })
    const params = parametersOf(system)
    const batch = randomBatch(2, 26)
    const { decoder } = system
    const start = decoder.startSuffix(decoder.suffixParams(params), 2)
    const states = start.map((state, s) => decoder.reserveSuffix(state, s, 26))
    expect(decoder.suffixLasts(states, 26)).toEqual([true])
    const expected = await metaGradient(system, params, batch, { checkpointEvery: 'everything' })
    const right = treeLeaves(expected.gradients)
    for (const checkpointEvery of [1, 2, 3]) {
      const { gradients } = await metaGradient(system, params, batch, { checkpointEvery })
      treeLeaves(gradients).forEach((leaf, i) => expect(leaf.dataSync()).toEqual(right[i].dataSync()))
      disposeTree(gradients)
    }
    disposeTree([expected.gradients, params, states])
  })
})

describe.each(['cpu', 'native', 'wasm'])('the meta-gradient on %s', (engine) => {
  useEngine(engine)
  let whole: Promise<MetaGradient> | undefined
  /** What is the same bits whatever is kept of the tapes, computed once. */
  const keepingEverything = (system: System, params: Params, batch: Batch) =>
    (whole ??= metaGradient(system, params, batch, { checkpointEvery: 'everything' }))
  afterAll(async () => whole && disposeTree((await whole).gradients))

  it('clips in some chunks and not in others in these tests', async () => {
    const system = smallSystem()
    const { innerNorms, gradients } = await metaGradient(system, parametersOf(system), randomBatch(2, 12))
    disposeTree(gradients)
    const taken = [innerNorms[0], innerNorms[1], innerNorms[3], innerNorms[4]]
    expect(Math.min(...taken)).toBeLessThan(1)
    expect(Math.max(...taken)).toBeGreaterThan(1)
  })

  it.each([1, 2, 3, 'everything', undefined] as MetaGradientOptions['checkpointEvery'][])(
    'is the same bits with checkpointEvery %s and leaves nothing behind',
    async (checkpointEvery) => {
      const system = smallSystem()
      const params = parametersOf(system)
      const batch = randomBatch(2, 26)
      const expected = await keepingEverything(system, params, batch)
      const before = liveTensors()
      const actual = await metaGradient(system, params, batch, { checkpointEvery, memoryBudget: 1 })
      expect(actual.chunkLosses).toEqual(expected.chunkLosses)
      const right = treeLeaves(expected.gradients)
      treeLeaves(actual.gradients).forEach((leaf, i) => expect(leaf.dataSync()).toEqual(right[i].dataSync()))
      disposeTree(actual.gradients)
      expect(liveTensors()).toBe(before)
    },
  )

  it.each([3e3, 1e4, 3e4, 1e5])('is the same bits with a budget of %i bytes', async (memoryBudget) => {
    const system = smallSystem()
    const params = parametersOf(system)
    const batch = randomBatch(2, 26)
    const expected = await keepingEverything(system, params, batch)
    const actual = await metaGradient(system, params, batch, { memoryBudget })
    expect(actual.tokenLosses).toEqual(expected.tokenLosses)
    const right = treeLeaves(expected.gradients)
    treeLeaves(actual.gradients).forEach((leaf, i) => expect(leaf.dataSync()).toEqual(right[i].dataSync()))
    disposeTree([actual.gradients, params])
  })

  it('of a batch is the mean of those of its sequences', async () => {
    const system = smallSystem()
    const params = parametersOf(system)
    const batch = randomBatch(3, 14, [2, 17])
    const whole = await metaGradient(system, params, batch)
    const singles = await Promise.all(
      [0, 1, 2].map((b) =>
        metaGradient(system, params, {
          ...batch,
          batch: 1,
          tokens: batch.tokens.slice(b * 15, (b + 1) * 15),
          mask: batch.mask.slice(b * 14, (b + 1) * 14),
        }),
      ),
    )
    expect(whole.loss).toBeCloseTo(singles.reduce((sum, { loss }) => sum + loss, 0) / 3, 6)
    const others = singles.map(({ gradients }) => new Map(treeEntries(gradients)))
    for (const [path, leaf] of treeEntries(whole.gradients)) {
      const mean = leaf
        .dataSync()
        .map((_, i) => others.reduce((sum, g) => sum + g.get(path)!.dataSync()[i], 0) / 3)
      expect(relativeError(leaf.dataSync(), mean), path).toBeLessThan(1e-5)
    }
  })

  it('sees no future: changing token t leaves the losses of all targets before it bitwise', async () => {
    const system = smallSystem()
    const params = parametersOf(system)
    const batch = randomBatch(1, 14)
    const before = await metaGradient(system, params, batch)
    for (const t of [1, 4, 5, 9, 13, 14]) {
      const tokens = batch.tokens.slice()
      tokens[t] = (tokens[t] + 1) % 11
      const after = await metaGradient(system, params, { ...batch, tokens })
      expect(after.tokenLosses.slice(0, t - 1)).toEqual(before.tokenLosses.slice(0, t - 1))
      expect(after.tokenLosses[t - 1]).not.toBe(before.tokenLosses[t - 1])
      disposeTree(after.gradients)
    }
  })

  it('with an inner rate of 0 has the losses and gradients of the system without a rule', async () => {
    const learning = smallSystem()
    const params = parametersOf(learning)
    const batch = randomBatch(2, 12)
    const still = await metaGradient(smallSystem({ learns: false }), params, batch)
    const frozen = await metaGradient(learning, params, batch, { innerRateMultiplier: 0 })
    expect(relativeError(frozen.tokenLosses, still.tokenLosses)).toBeLessThan(1e-6)
    expect(frozen.loss).toBeCloseTo(still.loss, 6)
    const right = new Map(treeEntries(still.gradients))
    for (const [path, leaf] of treeEntries(frozen.gradients))
      expect(relativeError(leaf.dataSync(), right.get(path)!.dataSync()), path).toBeLessThan(1e-5)
  })

  it('is the same bits recorded, replayed and run kernel by kernel', async () => {
    const [system, unrecorded] = [smallSystem(), smallSystem()]
    const params = parametersOf(system)
    const options: MetaGradientOptions[] = [
      {},
      { checkpointEvery: 2 },
      { record: true },
      { innerRateMultiplier: 0.3 },
    ]
    // Plain JavaScript records nothing.
    const passes = engine === 'cpu' ? 1 : 3
    for (const each of Array.from({ length: passes }, () => options).flat()) {
      const batch = randomBatch(2, 14)
      const replayed = await metaGradient(system, params, batch, each)
      const before = usePrograms(false)
      const plain = await metaGradient(unrecorded, params, batch, each).finally(() => usePrograms(before))
      expect(replayed.tokenLosses).toEqual(plain.tokenLosses)
      expect(replayed.innerNorms).toEqual(plain.innerNorms)
      const expected = new Map(treeEntries([plain.gradients, recordOf(plain)]))
      for (const [path, leaf] of treeEntries([replayed.gradients, recordOf(replayed)]))
        expect(leaf.dataSync(), path).toEqual(expected.get(path)!.dataSync())
      for (const result of [replayed, plain]) disposeTree([result.gradients, recordOf(result)])
    }
  })

  it('stops at an abort and frees everything', async () => {
    const system = smallSystem()
    const params = parametersOf(system)
    const before = liveTensors()
    const controller = new AbortController()
    const running = metaGradient(system, params, randomBatch(1, 40), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(liveTensors()).toBe(before)
  })
})

describe.each(['native', 'wasm'])('the meta-gradient on %s', (engine) => {
  useEngine(engine)

  it('is the same bits 20 times, on 1 and 2 threads', async () => {
    // Large enough that products of matrices are shared out among threads.
    const system = smallSystem({ hiddenSize: 96, window: 16 })
    const params = parametersOf(system, 1)
    const bits = async (threads: number) => {
      await resolveEngine(engine, { threads })
      const { loss, innerNorms, gradients } = await metaGradient(system, params, randomBatch(4, 24))
      const values = treeEntries(gradients).map(([path, leaf]): [string, string] => {
        const { buffer, byteOffset, byteLength } = leaf.dataSync()
        return [path, Buffer.from(buffer, byteOffset, byteLength).toString('base64')]
      })
      disposeTree(gradients)
      return { loss, innerNorms, ...Object.fromEntries(values) }
    }
    const expected = await bits(1)
    for (let i = 1; i < 20; i++) expect(await bits(1 + (i % 2))).toEqual(expected)
  })
})
