import type { Probe } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import type { FirstSteps } from './first-steps'
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
    for (const probe of probes) {
      if (probe.needs !== 'reader' || !probe.tokens) continue
      const seconds = readSeconds * probe.tokens(benchmark)
      for (const each of [workload, most])
        for (const reader of readersOf(system, comparison))
          each.set(work, pieceOfWork(probe.name, reader), seconds)
    }
  }
}
