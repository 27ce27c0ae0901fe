import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runOpSuite, useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import '../engines'
import { cases } from './cases'
import { rope, ropeOp } from './index'

runOpSuite(ropeOp, cases)

describe.each(['cpu', 'native', 'wasm'])('RoPE on %s', (engine) => {
  useEngine(engine)

  it('is as exact at any position as in float64', async () => {
    await resolveEngine(engine)
    const [theta, width] = [10_000, 8]
    const positions = [0, 10, 1299, 1300, 70_000, 10_000_019, 1_999_999_973]
    const turned = tf.tidy(() => {
      const pairs = tf.tile(tf.tensor([1, 0]), [(positions.length * width) / 2])
      const position = tf.tensor(positions, [positions.length], 'int32')
      return rope(tf.reshape(pairs, [positions.length, 1, 1, width]), { theta, position }).dataSync() as never
    }) as unknown as Float32Array
    turned.forEach((value, i) => {
      const angle = positions[Math.floor(i / width)] * theta ** (-(2 * Math.floor((i % width) / 2)) / width)
      expect(Math.abs(value - (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)))).toBeLessThan(2e-7)
    })
  })
})
