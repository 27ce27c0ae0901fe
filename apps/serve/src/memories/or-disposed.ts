import type { Memory } from '@ttt-e2e/checkpoint'

/** Does something with a memory, and frees it where that fails. */
export async function orDisposed<T>(memory: Memory, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    memory.dispose()
    throw error
  }
}
