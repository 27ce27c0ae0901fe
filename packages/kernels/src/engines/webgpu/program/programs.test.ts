import { program, read, tf, usePrograms, vjpProgram, type Tensor } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import type { GpuBackend } from '../backend'
import { useWebGpu } from '../testing'

const backend = () => tf.backend() as unknown as GpuBackend
const values = (seed: number, shape: number[]) => tf.randomNormal(shape, 0, 1, 'float32', seed)

describe('programs on webgpu', () => {
  useWebGpu()

  it('replays a function and reads what it gives in one submit, with the same bits', async () => {
    const owner = {}
    const f = ({ a, b }: Record<string, Tensor>) => tf.add(tf.matMul(tf.tanh(a), b as never), tf.sum(a))
    const results: Float32Array[] = []
    const submits: number[] = []
    const inputs = { a: values(1, [8, 8]), b: values(2, [8, 8]) }
    for (const on of [false, true, true, true, true]) {
      usePrograms(on)
      backend().commands.flush()
      const before = backend().commands.counts.submits
      const y = program({ owner, key: 'f' }, f, inputs)
      results.push(await read(y))
      submits.push(backend().commands.counts.submits - before)
      y.dispose()
    }
    for (const result of results) expect(result).toEqual(results[0])
    expect(submits.slice(3)).toEqual([1, 1])
    tf.dispose(inputs)
  })

  it('replays gradients, added to what there is, with the same bits, and reads back once', async () => {
    const owner = {}
    const inputs = { w: values(3, [6, 6]) }
    const data = { x: values(4, [9, 6]) }
    const f = ({ w }: { w: Tensor }, { x }: { x: Tensor }) => ({
      value: tf.sum(tf.square(tf.matMul(tf.matMul(x as never, w as never), w as never))),
    })
    const results: Float32Array[] = []
    for (const on of [false, true, true, true]) {
      usePrograms(on)
      const gradient = tf.tidy(() => {
        let sum: { w: Tensor } | undefined
        for (let i = 0; i < 3; i++) {
          const { pull } = vjpProgram({ owner, key: 'g' }, f, inputs, data)
          sum = pull(tf.scalar(i + 1), sum)
        }
        return sum!.w
      })
      const before = backend().commands.counts.readBacks
      results.push(await read(gradient))
      expect(backend().commands.counts.readBacks - before).toBe(1)
      gradient.dispose()
    }
    for (const result of results) expect(result).toEqual(results[0])
    tf.dispose([inputs, data])
  })

  it('takes no more memory from run to run', async () => {
    const owner = {}
    const x = values(5, [300])
    const f = (y: Tensor) => tf.softmax(tf.mul(y, 2))
    const live: number[] = []
    for (let i = 0; i < 6; i++) {
      const y = program({ owner, key: 'm' }, f, x)
      await read(y)
      y.dispose()
      live.push(backend().pool.liveBytes)
    }
    expect(live.slice(3)).toEqual([live[2], live[2], live[2]])
    x.dispose()
  })
})
