import { createSystem } from '@ttt-e2e/baselines'
import { pause, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
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
  const { size } = benchmark.recipe
  for (const name of trains || asked.some(({ needs }) => needs === 'step') ? owners : []) {
    progress.update(`${benchmark.name} · ${name} · warming up`)
    const system = createSystem(name, size)
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
    const systems = owners.map((name) => createSystem(name, size))
    const sizes = comparison.sizes[probe.name]
    const values = await store.keep({ task, probe: probe.name, system: 'all' }, { sizes, owners }, () =>
      probe.measure({ benchmark, signal, sizes, systems, onTurn }),
    )
    placeMeasurements(
      results,
      probe,
      values.map((value, place) => ({ system: owners[place], value })),
    )
  }
}
