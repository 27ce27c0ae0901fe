import { systemNames, definitionOf } from '@ttt-e2e/baselines'
import { Progress, untilSignal, UserError } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { formatTable } from '@ttt-e2e/report'
import type { TaskName } from '../tasks'
import { ratesTable } from './rates-table'
import { sweepTask } from './sweep'
import { SweepsFile } from './sweeps-file'

export interface RatesOptions {
  tasks: readonly TaskName[]
  /** Those with weights of their own are swept; all where left out. */
  systems?: readonly string[]
  rates: readonly number[]
  file: string
  out: string
  engine: string
  threads?: number
}

/**
 * Sweeps the peak learning rate of each system and keeps the losses in a file, by which the presets choose.
 *
 * @returns the exit code
 */
export async function sweepRates({
  tasks,
  systems = systemNames,
  rates,
  file: path,
  out,
  engine: name,
  threads,
}: RatesOptions): Promise<number> {
  const trained = systems.filter((system) => definitionOf(system).weightsOf === undefined)
  if (trained.length === 0)
    throw new UserError(
      `${systems.join(', ')} read with the weights of others; give --systems that are trained`,
    )
  const progress = new Progress()
  const engine = await resolveEngine(name, { threads })
  progress.print(engine.line)
  const file = new SweepsFile(path)
  const print = (line: string) => progress.print(line)
  const update = (line: string) => progress.update(line)
  return await untilSignal(progress, 'stopping; what is done is kept', async (signal) => {
    for (const task of tasks) {
      await sweepTask(task, { file, out, systems: trained, rates, engine, signal, print, update })
      print(`\n${formatTable(ratesTable(task, file.of(task)))}\n`)
    }
    return 0
  })
}
