import { program, readInto, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { leakedTensors } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { linearCrossEntropyOp, linearOp } from '../../ops'
import { compiledTargets, createDraws } from './testing'

const { normal } = createDraws(7)

const { fill } = tf
const nativeBytes = () => (tf.memory() as unknown as { nativeBytes: number }).nativeBytes
const engines = [...new Set((await compiledTargets()).map((target) => target.engine))]

describe.each(engines)('the backend on %s', (engine) => {
  beforeAll(async () => {
    await resolveEngine(engine, { threads: 2 })
  })

  it('gives all its memory back', () => {
    const before = nativeBytes()
    const leaked = leakedTensors(() =>
      tf.tidy(() => {
        const x = normal([50, 70])
        const gradient = tf.grad((y) => tf.sum(tf.square(tf.softmax(tf.matMul(y, y, false, true)))))
        tf.grad((y) => tf.sum(tf.square(gradient(y))))(x)
        tf.cumsum(tf.reshape(tf.sin(x), [-1]))
        expect(nativeBytes()).toBeGreaterThan(before)
      }),
    )
    expect(leaked).toBe(0)
    expect(nativeBytes()).toBe(before)
  })

  it('holds its memory constant over 10 000 rounds of making and disposing', () => {
    const round = (i: number) =>
      tf.tidy(() => {
        // Sizes that meet every size class up to 64 KiB, and blocks of weights that keep packed copies.
        const x = fill([1 + (i % 128), 128], i)
        const weight = tf.ones([128, 128])
        const { y } = linearOp({ x, weight })
        const { grad_x } = linearOp.gradient(['x'])({ x, weight, d_y: y })
        tf.softmax(tf.matMul(grad_x, weight))
        expect(() => tf.matMul(x, tf.ones([1, 1]))).toThrow('inner dimensions')
      })
    const rounds = (count: number) => {
      for (let i = 0; i < count; i++) round(i)
      const { numTensors, numBytes, ...memory } = tf.memory()
      return { numTensors, numBytes, ...(memory as unknown as Record<string, number>) }
    }
    const before = rounds(1000)
    const resident = process.memoryUsage.rss()
    expect(rounds(9000)).toEqual(before)
    // A block of the smallest round lost in each would be 4 MiB; what JavaScript holds comes and goes.
    expect(process.memoryUsage.rss() - resident).toBeLessThan(64 * 2 ** 20)
  })

  it('holds its memory constant over 3 000 programs, of which it keeps the last', () => {
    const owner = {}
    const x = fill([4, 32], 1)
    const programs = (first: number, last: number) => {
      for (let key = first; key < last; key++)
        for (let run = 0; run < 3; run++)
          program({ owner, key: String(key) }, (y: tf.Tensor) => tf.mul(tf.add(y, y), y), x).dispose()
      return nativeBytes()
    }
    const before = programs(0, 1500)
    expect(programs(1500, 3000)).toBe(before)
    x.dispose()
  })

  it('keeps a copy of what it is given and hands out copies', () => {
    const given = new Float32Array([1, 2, 3])
    const x = tf.tensor1d(given)
    given[0] = 9
    const read = x.dataSync()
    expect([...read]).toEqual([1, 2, 3])
    read[1] = 9
    expect([...x.dataSync()]).toEqual([1, 2, 3])
    x.dispose()
  })

  it('puts values into the arrays of others', async () => {
    const [computed, fallen] = [
      tf.add(tf.tensor1d([1, 2, 3]), 1),
      tf.stridedSlice(fill([4], 7), [1], [3], [1]),
    ]
    const all = new Float32Array(6)
    await readInto([computed, fallen], [[all.subarray(4), all.subarray(0, 1)], [all.subarray(1, 3)]])
    expect([...all]).toEqual([4, 7, 7, 0, 2, 3])
    tf.dispose([computed, fallen])
  })

  it('never lets a cpu kernel keep a view on its memory', () => {
    const x = tf.tensor1d([1, 2, 3, 4])
    // stridedSlice falls back, and cpu's kernel may return a part of its input's array.
    const part = tf.stridedSlice(x, [1], [3], [1])
    x.dispose()
    const other = fill([4], 7)
    expect([...part.dataSync()]).toEqual([2, 3])
    tf.dispose([part, other])
  })

  it.each(['cpu', ...engines])('moves tensors to %s and back', async (other) => {
    const x = tf.tensor1d([1, 2, 3])
    const y = tf.add(x, 1)
    await resolveEngine(other)
    const z = tf.add(x, y)
    await resolveEngine(engine, { threads: 2 })
    expect([...tf.mul(z, x).dataSync()]).toEqual([3, 10, 21])
    expect([...tf.add(y, 1).dataSync()]).toEqual([3, 4, 5])
  })

  it.each(engines)('replays a program on what was made on %s', async (other) => {
    const owner = {}
    const twice = (x: tf.Tensor) => program({ owner, key: 'twice' }, (x: tf.Tensor) => tf.add(x, x), x)
    for (let run = 0; run < 3; run++) {
      await resolveEngine(other)
      // Its block has a number that here is another tensor's.
      const spare = tf.tidy(() => Array.from({ length: 9 }, () => tf.keep(tf.ones([3]))))
      const x = tf.tensor1d([1, 2, run])
      await resolveEngine(engine, { threads: 2 })
      expect([...twice(x).dataSync()]).toEqual([2, 4, 2 * run])
      await resolveEngine(other)
      expect([...twice(x).dataSync()]).toEqual([2, 4, 2 * run])
      tf.dispose([x, spare])
    }
    await resolveEngine(engine, { threads: 2 })
  })

  it('makes errors of the kernels JavaScript errors', () => {
    const hidden = normal([2, 4])
    const targets = tf.tensor1d([1, 9], 'int32')
    expect(() => linearCrossEntropyOp({ hidden, weight: hidden, targets })).toThrow(
      'outside of the vocabulary',
    )
    expect(() => tf.gather(hidden, targets)).toThrow()
  })
})
