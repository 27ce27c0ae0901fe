import { abortOnSignals, formatDuration, interruptedExitCode, Progress } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { writeReport } from '../report/write-report'
import type { Session } from './session'
import { measureEverything } from './measure-everything'
import type { BenchOptions } from './options'
import { prepare } from './prepare'
import { WorkerDied } from './workers/worker-process'
import { Workload } from './workload'

/**
 * Trains, measures and reports as asked; stops cleanly on a signal and keeps what was measured.
 *
 * @param caller the folder that the caller works in
 * @returns the exit code
 * @throws UserError, DataError or EngineError for a request that cannot be met
 */
export async function bench(options: BenchOptions, caller: string): Promise<number> {
  const progress = new Progress()
  const { out, experiment, probes, results } = await prepare(options, caller, (line) => progress.print(line))
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping after this step and saving; Ctrl-C again quits at once'),
  )
  const { workers } = results.options.shares
  const session: Session = { signal, progress, workload: new Workload(workers) }
  const startedAt = performance.now()
  let died: WorkerDied | undefined
  try {
    await measureEverything(experiment, probes, results, session, () => writeReport(out, results, probes))
  } catch (error) {
    if (error instanceof WorkerDied) died = error
    else if (error !== signal.reason) throw error
    results.interrupted = true
  } finally {
    progress.clear()
    restore()
  }
  const paths = writeReport(out, results, probes)
  progress.print(paths.text)
  progress.print(`\ntook ${formatDuration((performance.now() - startedAt) / 1000)}`)
  progress.print(`results: ${paths.results}\nreport:  ${paths.report}`)
  if (!results.interrupted) return 0
  if (died) process.stderr.write(`${died.message}\n`)
  progress.print('stopped before the end; the same command goes on from here')
  return died ? 1 : interruptedExitCode
}
