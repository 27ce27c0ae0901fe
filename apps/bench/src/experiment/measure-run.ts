import { formatDuration } from '@ttt-e2e/cli'
import { disposeRun } from '@ttt-e2e/meta-outer'
import type { Params } from '@ttt-e2e/ttt-inner'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe, ReaderContext } from '../probes/probe'
import { systemOf, type Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import { heldOutLosses } from './held-out-losses'
import { measurementStore } from './measurement-store'
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
import { storeOf } from './stores'
import { ModelFailed, modelTrainer } from './train-model'
import { planTraining } from './training-plan'

/** What a run is measured with. */
interface Measuring {
  benchmark: Benchmark
  work: RunWork
  comparison: Comparison
  probes: readonly Probe[]
  listener: RunListener
  signal: AbortSignal
}

/**
 * Measures runs of these tasks in this process: trains each, or loads it, and asks the probes about it and about every
 * system that uses its weights; or has a probe train models of its own. Throws UserError if what is stored doesn't fit.
 */
export const measureHere =
  (benchmarks: readonly Benchmark[], comparison: Comparison, probes: readonly Probe[]): MeasureRun =>
  async (work, listener, signal) => {
    const benchmark = benchmarks.find(({ name }) => name === work.task)!
    const asked = probes.filter((probe) => isAskedOn(probe, benchmark.name))
    const measuring = { benchmark, work, comparison, probes: asked, listener, signal }
    const measured: MeasuredRun = []
    try {
      await (work.probe === undefined ? measureRun : measureModels)(measuring, measured)
    } catch (error) {
      if (error !== signal.reason) throw error
    }
    return measured
  }

async function measureRun(measuring: Measuring, measured: MeasuredRun): Promise<void> {
  const { benchmark, work, comparison, probes, listener, signal } = measuring
  if (benchmark.given) return measureReaders(benchmark.given.model.params, measuring, measured)
  const plan = planTraining(benchmark, work.system)
  const { run, trained } = await obtainRun({ benchmark, work, plan, comparison, listener, signal })
  const { system, seed } = work
  try {
    for (const probe of probes)
      if (probe.needs === 'run') {
        const sizes = comparison.sizes[probe.name]
        const value = await probe.measure({ benchmark, signal, sizes, system, run: trained, plan })
        measured.push({ probe: probe.name, system, seed, value })
      }
    signal.throwIfAborted()
    if (trained.failure !== undefined) {
      listener.print(`${nameOf(work)}: ${trained.failure}; it isn't evaluated`)
      return
    }
    await measureReaders(run.state.params, measuring, measured)
  } finally {
    disposeRun(run.state)
  }
}

/** Asks about every system that reads with these weights. */
async function measureReaders(params: Params, measuring: Measuring, measured: MeasuredRun): Promise<void> {
  for (const name of readersOf(measuring.work.system, measuring.comparison))
    await measureReader(name, params, measuring, measured)
}

/** Asks about one of the systems that read with the weights of a run. */
async function measureReader(
  name: string,
  params: Params,
  { benchmark, work, comparison, probes, listener, signal }: Measuring,
  measured: MeasuredRun,
): Promise<void> {
  const system = systemOf(benchmark, name)
  const { task, seed } = work
  const losses = heldOutLosses(benchmark, system, params, signal)
  const store = measurementStore(benchmark, comparison)
  for (const probe of probes) {
    if (probe.needs !== 'reader') continue
    const sizes = comparison.sizes[probe.name]
    const onProgress = tellProgress(probe, { ...work, system: name }, listener)
    const value = await store.keep({ task, probe: probe.name, system: name, seed }, { sizes }, () =>
      probe.measure({
        benchmark,
        signal,
        sizes,
        system,
        params,
        seed,
        folder: storeOf(comparison.store, work).directory,
        heldOutLosses: () => losses(onProgress),
        onProgress,
        train: modelTrainer({ benchmark, comparison, probe: probe.name, work, listener, signal }),
      }),
    )
    measured.push({ probe: probe.name, system: name, seed, value })
  }
}

/** Has a probe train and measure models of its own. */
async function measureModels(
  { benchmark, work, comparison, probes, listener, signal }: Measuring,
  measured: MeasuredRun,
): Promise<void> {
  const { task, system, seed } = work
  const probe = probes.find(({ name }) => name === work.probe)!
  if (probe.needs !== 'models') throw new Error(`the probe '${probe.name}' trains no models of its own`)
  const sizes = comparison.sizes[probe.name]
  const onProgress = tellProgress(probe, work, listener)
  const train = modelTrainer({ benchmark, comparison, probe: probe.name, work, listener, signal })
  try {
    const value = await measurementStore(benchmark, comparison).keep(
      { task, probe: probe.name, system, seed },
      { sizes },
      () => probe.measure({ benchmark, signal, sizes, system, seed, onProgress, train }),
    )
    measured.push({ probe: probe.name, system, seed, value })
  } catch (error) {
    if (!(error instanceof ModelFailed)) throw error
    listener.print(`${nameOf(work)}: ${error.message}; it isn't measured`)
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
