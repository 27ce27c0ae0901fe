import { disposeTree, program, tf, treeLeaves, type Tensors } from '@ttt-e2e/tensor-ops'
import type { Contender } from '../interleave'

/** The least seconds that one timing takes. */
const leastSeconds = 0.02
/** Calls recorded together: so many, or as many as take so long. */
const mostTogether = 16
const secondsTogether = 0.002

export interface Repeated extends Contender {
  /** Calls in one run. */
  repeats: number
}

/**
 * Calls `call` so often that one timing is long enough; its outputs are thrown away. Short calls run as in a step or in
 * reading: several are recorded as a program and replayed, where the engine can, so that what a call from JavaScript
 * costs doesn't count.
 *
 * @param call depends on nothing but its inputs
 */
export function repeated(name: string, inputs: Tensors, call: (inputs: Tensors) => Tensors): Repeated {
  const owner = {}
  const run = (together: number, times: number) => {
    for (let i = 1; i <= times; i++) {
      const outputs = program(
        { owner, key: String(together) },
        (given: Tensors) => Array.from({ length: together }, () => call(given)),
        inputs,
      )
      // Reading one value waits for engines that run behind.
      if (i === times)
        tf.tidy(() => void tf.slice(tf.reshape(treeLeaves(outputs)[0], [-1]), [0], [1]).dataSync())
      disposeTree(outputs)
    }
  }
  const secondsOf = (together: number) => {
    // The first run is as written, the second is recorded.
    run(together, 3)
    const start = performance.now()
    run(together, 3)
    return (performance.now() - start) / 1000 / 3
  }
  const together = Math.min(mostTogether, Math.max(1, Math.floor(secondsTogether / secondsOf(1))))
  const times = Math.max(1, Math.ceil(leastSeconds / Math.max(secondsOf(together), 1e-6)))
  return { name, repeats: together * times, run: () => run(together, times) }
}
