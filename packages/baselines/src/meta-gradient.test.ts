import { metaGradient } from '@ttt-e2e/meta-outer'
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
import { derivative, inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import '@ttt-e2e/kernels/engines'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSystem, systems } from './index'
import { tinyBatch, tinySize } from './testing'

beforeAll(() => resolveEngine('cpu'))

const batch = tinyBatch(12)

const learning = Object.entries(systems)
  .filter(([, { learns, weightsOf }]) => learns && !weightsOf)
  .map(([name]) => name)

/** The seeds that points are drawn by, 6 where left out. */
const pointSeeds: Record<string, number> = { 'ttt-e2e+kda': 16, 'ttt-e2e+gdn2': 24 }

/**
 * Weights that start small enlarged, so that the inner steps matter and nothing is divided by a norm near zero. How far
 * float32 is off depends on the point (1e-5 to 9e-4, on every engine alike); at this one it is at most 1e-4.
 */
const parametersOf = (system: System): Params =>
  treeMap(system.decoder.init(createRandom(pointSeeds[system.name] ?? 6)), (leaf) => {
    const rootMeanSquare = tf.sqrt(tf.mean(tf.square(leaf))).dataSync()[0]
    return rootMeanSquare > 0 && rootMeanSquare < 0.1 ? tf.mul(leaf, 0.3 / rootMeanSquare) : leaf
  })

describe.each(learning)('the meta-gradient of %s', (name) => {
  const system = createSystem(name, tinySize)

  it('agrees with finite differences in float64', async () => {
    await inFloat64(async () => {
      const params = parametersOf(system)
      const draw = createRandom(7)
      const direction = treeMap(params, (leaf) =>
        tf.tensor(
          Float32Array.from({ length: leaf.size }, () => draw.normal()),
          leaf.shape,
        ),
      )
      const along = treeLeaves(direction)
      const lossAt = async (step: number) => {
        let i = 0
        const moved = treeMap(params, (leaf) => tf.add(leaf, tf.mul(along[i++], step)))
        const { loss, gradients } = await metaGradient(system, moved, batch)
        disposeTree([moved, gradients])
        return loss
      }
      const smallStep = 1e-6
      const losses = new Map<number, number>()
      for (const n of [-2, -1, 1, 2]) losses.set(n * smallStep, await lossAt(n * smallStep))
      const numeric = derivative((step) => losses.get(step)!, smallStep)
      const { gradients } = await metaGradient(system, params, batch)
      const analytic = treeLeaves(gradients).reduce(
        (sum, leaf, i) => sum + tf.sum(tf.mul(leaf, along[i])).dataSync()[0],
        0,
      )
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-7 * Math.max(1, Math.abs(numeric)))
      expect(Math.abs(numeric)).toBeGreaterThan(1e-2)
    })
  })

  it.for(['cpu', 'native', 'wasm'])(
    'is as exact on %s as golden gradients are asked to be',
    async (engine, { skip }) => {
      const gradients = async () => {
        const params = parametersOf(system)
        const result = await metaGradient(system, params, batch)
        const values = treeEntries(result.gradients).map(([path, x]) => [path, x.dataSync().slice()] as const)
        disposeTree([params, result.gradients])
        return values
      }
      const exact = await inFloat64(gradients)
      const errors = (values: typeof exact) => values.map(([, x], i) => relativeError(x, exact[i][1]))
      await resolveEngine(engine).catch((error: Error) => skip(error.message))
      const found = errors(await gradients()).map((error, i) => [exact[i][0], error] as const)
      await resolveEngine('cpu')
      for (const [path, error] of found) expect(error, path).toBeLessThan(3e-4)
    },
  )

  afterAll(() => resolveEngine('cpu'))
})
