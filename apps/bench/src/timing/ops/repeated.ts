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
export async function repeated(
  name: string,
  inputs: Tensors,
  call: (inputs: Tensors) => Tensors,
): Promise<Repeated> {
  const owner = {}
  const run = async (together: number, times: number) => {
    for (let i = 1; i <= times; i++) {
      const outputs = program(
        { owner, key: String(together) },
        (given: Tensors) => Array.from({ length: together }, () => call(given)),
        inputs,
      )
      // Reading one value waits for engines that run behind.
      if (i === times) {
        const value = tf.tidy(() => tf.slice(tf.reshape(treeLeaves(outputs)[0], [-1]), [0], [1]))
        await value.data()
        value.dispose()
      }
      disposeTree(outputs)
    }
  }
  const secondsOf = async (together: number) => {
    // The first run is as written, the second is recorded.
    await run(together, 3)
    const start = performance.now()
    await run(together, 3)
    return (performance.now() - start) / 1000 / 3
  }
  const together = Math.min(mostTogether, Math.max(1, Math.floor(secondsTogether / (await secondsOf(1)))))
  const times = Math.max(1, Math.ceil(leastSeconds / Math.max(await secondsOf(together), 1e-6)))
  return { name, repeats: together * times, run: () => run(together, times) }
}
