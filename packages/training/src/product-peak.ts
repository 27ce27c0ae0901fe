import { tf } from '@ttt-e2e/tensor-ops'

/** The largest product tried. */
const largest = 1024
/** The least seconds that one timing takes. */
const leastSeconds = 0.05
/** Seconds that a product, and all of them, may take where a training run waits for its limit. */
const briefly = { product: 0.05, all: 0.15 }

/** Products of square matrices that fill the active engine: what its peak is measured with. */
export interface PeakProduct {
  name: string
  /** Floating-point operations of one run. */
  flops: number
  run(): Promise<void>
  dispose(): void
}

/** 1024³, or less where the engine is too slow for it. @param mostSeconds that one may take */
export async function peakProduct(mostSeconds = 0.25): Promise<PeakProduct> {
  for (let size = 128; ; size *= 2) {
    const a = tf.randomNormal([size, size], 0, 1, 'float32', 1)
    const b = tf.randomNormal([size, size], 0, 1, 'float32', 2)
    const multiply = async (times: number) => {
      for (let i = 1; i <= times; i++) {
        const value = tf.tidy(() => tf.slice(tf.matMul(a as never, b as never), [0, 0], [1, 1]))
        // Reading one value waits for engines that run behind.
        if (i === times) await value.data()
        value.dispose()
      }
    }
    await multiply(1)
    const start = performance.now()
    await multiply(1)
    const seconds = (performance.now() - start) / 1000
    // Twice the size takes eight times as long.
    if (size === largest || 8 * seconds > mostSeconds) {
      const repeats = Math.max(1, Math.ceil(leastSeconds / seconds))
      return {
        name: `product of ${size}³`,
        flops: repeats * 2 * size ** 3,
        run: () => multiply(repeats),
        dispose: () => tf.dispose([a, b]),
      }
    }
    tf.dispose([a, b])
  }
}

/** Floating-point operations per second of such products, the best of a few: what a step's are held against. */
export async function peakRate(): Promise<number> {
  const product = await peakProduct(briefly.product)
  try {
    let best = Infinity
    const began = performance.now()
    do {
      const startedAt = performance.now()
      await product.run()
      best = Math.min(best, (performance.now() - startedAt) / 1000)
    } while ((performance.now() - began) / 1000 < briefly.all)
    return product.flops / best
  } finally {
    product.dispose()
  }
}
