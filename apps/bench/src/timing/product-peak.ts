import { tf } from '@ttt-e2e/tensor-ops'
import type { Contender } from './interleave'

/** The largest product tried, and the seconds that one may take. */
const largest = 1024
const mostSeconds = 0.25
/** The least seconds that one timing takes. */
const leastSeconds = 0.05

/** Products of square matrices that fill the active engine: what its peak is measured with. */
export interface PeakProduct extends Contender {
  /** Floating-point operations of one run. */
  flops: number
  dispose(): void
}

/** 1024³, or less where the engine is too slow for it. */
export function peakProduct(): PeakProduct {
  for (let size = 128; ; size *= 2) {
    const a = tf.randomNormal([size, size], 0, 1, 'float32', 1)
    const b = tf.randomNormal([size, size], 0, 1, 'float32', 2)
    const multiply = () =>
      // Reading one value waits for engines that run behind.
      tf.tidy(() => void tf.slice(tf.matMul(a as never, b as never), [0, 0], [1, 1]).dataSync())
    multiply()
    const start = performance.now()
    multiply()
    const seconds = (performance.now() - start) / 1000
    // Twice the size takes eight times as long.
    if (size === largest || 8 * seconds > mostSeconds) {
      const repeats = Math.max(1, Math.ceil(leastSeconds / seconds))
      return {
        name: `product of ${size}³`,
        flops: repeats * 2 * size ** 3,
        run() {
          for (let i = 0; i < repeats; i++) multiply()
        },
        dispose: () => tf.dispose([a, b]),
      }
    }
    tf.dispose([a, b])
  }
}
