import type { Probe } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import type { FirstSteps } from './first-steps'
import { heldOutTokens } from './held-out-losses'
import { pieceOfWork, readersOf, runsOf } from './run-work'
import { storeOf } from './stores'
import { planTraining } from './training-plan'
import type { Workload } from './workload'

/**
 * Fills the workload with the time that the runs of a system should take.
 *
 * @param most takes the same times with the most steps, where their number is not fixed
 */
export function estimate(
  benchmark: Benchmark,
  system: string,
  { stepSeconds, readSeconds }: Pick<FirstSteps, 'stepSeconds' | 'readSeconds'>,
  comparison: Comparison,
  probes: readonly Probe[],
  [workload, most]: readonly [Workload, Workload],
): void {
  const plan = planTraining(benchmark, system)
  for (const work of runsOf(benchmark.name, comparison).filter((each) => each.system === system)) {
    const stored = storeOf(comparison.store, work).storedSteps()
    const left = (steps: number) => Math.max(0, steps - stored) * stepSeconds
    workload.set(work, 'train', left(plan.fewestSteps))
    most.set(work, 'train', left(plan.steps))
    const readers = probes.filter((probe) => probe.needs === 'reader')
    for (const [place, probe] of readers.entries()) {
      // What all of them may ask for is read once.
      const shared = place === 0 ? heldOutTokens(benchmark) : 0
      const own = probe.tokens?.(benchmark, comparison.sizes[probe.name]) ?? 0
      for (const each of [workload, most])
        for (const reader of readersOf(system, comparison))
          each.set(work, pieceOfWork(probe.name, reader), readSeconds * (shared + own))
    }
  }
}
