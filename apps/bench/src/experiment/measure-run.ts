import { createSystem } from '@ttt-e2e/baselines'
import { formatDuration } from '@ttt-e2e/cli'
import { disposeRun } from '@ttt-e2e/meta-outer'
import type { Probe, ReaderContext } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import { obtainRun } from './obtain-run'
import {
  nameOf,
  pieceOfWork,
  readersOf,
  type MeasuredRun,
  type MeasureRun,
  type RunListener,
  type RunWork,
} from './run-work'
import { planTraining } from './training-plan'

/**
 * Measures runs of these tasks in this process: trains each, or loads it, and asks the probes about it and about every
 * system that uses its weights. Throws UserError if what is stored doesn't fit.
 */
export const measureHere =
  (benchmarks: readonly Benchmark[], comparison: Comparison, probes: readonly Probe[]): MeasureRun =>
  (work, listener, signal) =>
    measureRun(
      benchmarks.find(({ name }) => name === work.task)!,
      work,
      comparison,
      probes,
      listener,
      signal,
    )

async function measureRun(
  benchmark: Benchmark,
  work: RunWork,
  comparison: Comparison,
  probes: readonly Probe[],
  listener: RunListener,
  signal: AbortSignal,
): Promise<MeasuredRun> {
  const plan = planTraining(benchmark, work.system)
  const { run, trained } = await obtainRun({ benchmark, work, plan, comparison, listener, signal })
  const measured: MeasuredRun = []
  const note = (probe: Probe, system: string, value: unknown) =>
    measured.push({ probe: probe.name, system, seed: work.seed, value })
  try {
    for (const probe of probes)
      if (probe.needs === 'run')
        note(
          probe,
          work.system,
          await probe.measure({ benchmark, signal, system: work.system, run: trained, plan }),
        )
    signal.throwIfAborted()
    if (trained.failure !== undefined) {
      listener.print(`${nameOf(work)}: ${trained.failure}; it isn't evaluated`)
      return measured
    }
    for (const name of readersOf(work.system, comparison)) {
      const system = createSystem(name, benchmark.recipe.size)
      for (const probe of probes)
        if (probe.needs === 'reader') {
          const onProgress = tellProgress(probe, { ...work, system: name }, listener)
          const context = { benchmark, signal, system, params: run.state.params, onProgress }
          note(probe, name, await probe.measure(context))
        }
    }
    return measured
  } catch (error) {
    if (error !== signal.reason) throw error
    return measured
  } finally {
    disposeRun(run.state)
  }
}

function tellProgress(probe: Probe, reader: RunWork, listener: RunListener): ReaderContext['onProgress'] {
  const startedAt = performance.now()
  return (doing, done, total) => {
    const left = ((performance.now() - startedAt) / 1000 / done) * (total - done)
    listener.update(
      `${nameOf(reader)} · ${doing}, ${formatDuration(left)} left`,
      pieceOfWork(probe.name, reader.system),
      left,
    )
  }
}
