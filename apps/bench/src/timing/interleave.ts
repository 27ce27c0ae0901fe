import { createRandom, pause } from '@ttt-e2e/tensor-ops'
import { median } from '../statistics'

/** Something to be timed. */
export interface Contender {
  name: string
  run(): unknown
}

/** What a contender took, each time that it ran. */
export interface Samples {
  seconds: number[]
  /** CPU time of all threads of this process. */
  cpuSeconds: number[]
}

export interface InterleaveOptions {
  /** Times that each one runs. */
  rounds: number
  signal?: AbortSignal
  onTurn?(name: string): void
}

/**
 * Lets the contenders run in turns, so that a slow minute of the machine falls on all of them alike, each round in
 * another order, so that none always follows the same one. The orders are seeded.
 *
 * @returns what each one took, in their order
 * @throws the signal's reason
 */
export async function interleave(
  contenders: readonly Contender[],
  { rounds, signal, onTurn }: InterleaveOptions,
): Promise<Samples[]> {
  const samples = contenders.map((): Samples => ({ seconds: [], cpuSeconds: [] }))
  const random = createRandom(0)
  const order = contenders.map((_, i) => i)
  for (let round = 0; round < rounds; round++)
    for (const i of random.shuffle(order)) {
      onTurn?.(contenders[i].name)
      const cpu = process.cpuUsage()
      const start = performance.now()
      await contenders[i].run()
      const seconds = (performance.now() - start) / 1000
      const { user, system } = process.cpuUsage(cpu)
      samples[i].seconds.push(seconds)
      samples[i].cpuSeconds.push((user + system) / 1e6)
      // Lets a Ctrl-C through.
      await pause()
      signal?.throwIfAborted()
    }
  return samples
}

export const medianSeconds = ({ seconds }: Samples): number => median(seconds)
