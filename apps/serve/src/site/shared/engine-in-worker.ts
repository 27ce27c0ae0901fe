import '@ttt-e2e/kernels/engines'
import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'

/** What the worker behind a page answers about its engine. */
export interface EngineInWorker {
  /** @returns the line that says which engine it is. @throws EngineError where it can't run here */
  useEngine(name: string): Promise<string>
  /** Whether the engine still computes: one whose device was lost doesn't. */
  computes(): Promise<boolean>
}

export const engineInWorker: EngineInWorker = {
  useEngine: async (name) => (await resolveEngine(name)).line,
  async computes() {
    try {
      const sum = tf.tidy(() => tf.add(tf.ones([2]), 1))
      const [value] = await sum.data()
      sum.dispose()
      return value === 2
    } catch {
      return false
    }
  },
}
