import { pause, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'
import { systemOf, type Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import type { Session } from './session'
import { estimate } from './estimate'
import { takeFirstSteps } from './first-steps'
import { measurementStore } from './measurement-store'
import { placeMeasurements } from './place-measurements'
import type { TaskResults } from './results'
import type { Workload } from './workload'

/**
 * Measures what needs a machine that does nothing else: probes of systems and of their training steps. Where runs are
 * to be trained it also fills the session's workload.
 *
 * @param most takes the time with the most steps, where their number is not fixed
 * @throws the signal's reason
 */
export async function measureAlone(
  benchmark: Benchmark,
  results: TaskResults,
  comparison: Comparison,
  probes: readonly Probe[],
  engine: ResolvedEngine,
  session: Session,
  most: Workload,
): Promise<void> {
  const { progress, signal, workload } = session
  const asked = probes.filter((probe) => isAskedOn(probe, benchmark.name))
  const store = measurementStore(benchmark, comparison)
  const task = benchmark.name
  const trains = comparison.train && asked.some(({ needs }) => needs === 'run' || needs === 'reader')
  const owners = results.systems.filter(({ weightsOf }) => weightsOf === undefined).map(({ name }) => name)
  const { given } = benchmark
  for (const name of trains || asked.some(({ needs }) => needs === 'step') ? owners : []) {
    progress.update(`${benchmark.name} · ${name} · warming up`)
    const system = systemOf(benchmark, name)
    const first = await takeFirstSteps(system, benchmark)
    try {
      for (const probe of asked)
        if (probe.needs === 'step') {
          const sizes = comparison.sizes[probe.name]
          const value = await store.keep({ task, probe: probe.name, system: name }, { sizes }, () =>
            probe.measure({ benchmark, signal, sizes, system, engine, step: first.step }),
          )
          placeMeasurements(results, probe, [{ system: name, value }])
        }
    } finally {
      first.dispose()
    }
    await pause()
    signal.throwIfAborted()
    if (trains) estimate(benchmark, name, first, comparison, asked, [workload, most])
  }
  for (const probe of asked) {
    if (probe.needs !== 'systems') continue
    const onTurn = (name: string) => progress.update(`${benchmark.name} · ${name} · ${probe.name}`)
    // A control takes the time of the system that trains its weights; what learning costs a given model is asked.
    const timed = given ? results.systems.map(({ name }) => name) : owners
    const systems = timed.map((name) => systemOf(benchmark, name))
    const weights = given && { weights: given.model.params }
    const sizes = comparison.sizes[probe.name]
    const values = await store.keep(
      { task, probe: probe.name, system: 'all' },
      { sizes, owners: timed },
      () => probe.measure({ benchmark, signal, sizes, systems, ...weights, onTurn }),
    )
    placeMeasurements(
      results,
      probe,
      values.map((value, place) => ({ system: timed[place], value })),
    )
  }
}
