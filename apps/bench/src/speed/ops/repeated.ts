import { tf, type Tensors } from '@ttt-e2e/tensor-ops'
import type { Contender } from '../interleave'

/** The least seconds that one timing takes. */
const leastSeconds = 0.02

export interface Repeated extends Contender {
  /** Calls in one run. */
  repeats: number
}

/** Calls `run` so often that one timing is long enough; its outputs are thrown away. */
export function repeated(name: string, run: () => Tensors): Repeated {
  const times = (repeats: number) => {
    for (let i = 1; i < repeats; i++) tf.tidy(() => void run())
    tf.tidy(() => {
      const [output] = Object.values(run())
      // Reading one value waits for engines that run behind.
      tf.slice(tf.reshape(output, [-1]), [0], [1]).dataSync()
    })
  }
  times(1)
  const start = performance.now()
  times(3)
  const seconds = (performance.now() - start) / 1000 / 3
  const repeats = Math.max(1, Math.ceil(leastSeconds / Math.max(seconds, 1e-6)))
  return { name, repeats, run: () => times(repeats) }
}
