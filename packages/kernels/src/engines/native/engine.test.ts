import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { attentionOp, linearCrossEntropyOp, rmsNormOp } from '../../ops'
import { createDraws, expectSameBits, valuesOf } from '../compiled/testing'
import { nativeAddon } from './index'

const { integers, normal } = createDraws(7)

beforeAll(async () => {
  await resolveEngine('native', { threads: 2 })
})

describe('the native engine', () => {
  it('says what it runs on and which kernels are its own', async () => {
    const engine = await resolveEngine('native', { threads: 1 })
    expect(engine.description).toMatch(/, 1 thread$/)
    for (const name of ['BatchMatMul', 'Add', 'Reshape', 'Attention'])
      expect(engine.hasOwnKernel(name)).toBe(true)
    expect(engine.hasOwnKernel('Cumsum')).toBe(false)
    const rounding = await resolveEngine('native', { threads: 1, precision: 'bf16' })
    expect(rounding.description).toMatch(/, bf16 by .*, 1 thread$/)
    await resolveEngine('native', { threads: 2 })
  })

  it.each(['f32', 'bf16'] as const)(
    'gives the same bits on 1, 2 and 3 threads and again in %s',
    async (precision) => {
      const [x, scale, targets] = [normal([700, 96]), normal([96]), integers([700], 257)]
      const [weight, d] = [normal([257, 96]), normal([700])]
      const q = normal([2, 150, 4, 16])
      const run = () =>
        valuesOf(() => {
          const norm = rmsNormOp.gradient()({ x, scale, d_y: x })
          const { slopes } = linearCrossEntropyOp({ hidden: x, weight, targets })
          const cotangents = { d_losses: d, d_slopes: x }
          const head = linearCrossEntropyOp.gradient()({ hidden: x, weight, targets, ...cotangents, slopes })
          const offset = tf.zeros([q.shape[0]], 'int32')
          const { y, logSumExp } = attentionOp({ q, k: q, v: q, offset }, { window: 70 })
          const attention = attentionOp.gradient(['q', 'k', 'v'], ['y'])(
            { q, k: q, v: q, offset, d_y: q, y, logSumExp },
            { window: 70 },
          )
          const sums = [tf.sum(x), tf.sum(x, 0), tf.mean(tf.exp(x))]
          return [...Object.values(norm), ...Object.values(head), y, ...Object.values(attention), ...sums]
        })
      await expectSameBits(run, { precision })
      await resolveEngine('native', { threads: 2 })
    },
  )

  it.runIf(process.platform === 'linux')('holds no more idle memory than was once in use', () => {
    const mebibytes = [96, 128, 160, 192]
    const before = process.memoryUsage().rss
    // Fresh blocks first, then those of the round before.
    for (const size of [...mebibytes, ...mebibytes]) {
      const ones = tf.tidy(() => tf.tile([1], [size * 2 ** 18]))
      expect(tf.tidy(() => tf.sum(ones).dataSync()[0])).toBe(size * 2 ** 18)
      ones.dispose()
      expect(process.memoryUsage().rss - before).toBeLessThan(1.5 * 192 * 2 ** 20)
    }
  })

  it('fills fresh blocks with NaN where asked to', async () => {
    const addon = await nativeAddon()
    if (typeof addon === 'string') throw new Error(addon)
    addon.setPoison(1)
    const block = addon.allocate(64)
    addon.locate(block)
    const [slab, offset] = addon.attributes
    expect(new Float32Array(addon.slab(slab), offset, 16).every(Number.isNaN)).toBe(true)
    addon.release(block)
    addon.setPoison(0)
  })
})
