import { formatDuration, Progress, untilSignal, type Rank } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { alone, type Communicator } from '@ttt-e2e/tensor-ops'
import { FileError } from '@ttt-e2e/tensor-ops/files'
import type { Probe } from '../probes/probe'
import { historyFile, keepSpeeds } from '../history/history-file'
import { formatResults } from '../report/text'
import { reportPaths, writeReport } from '../report/write-report'
import type { Session } from './session'
import { measureEverything } from './measure-everything'
import type { BenchOptions } from './options'
import { prepare, type Prepared } from './prepare'
import type { Results } from './results'
import { WorkerDied } from './workers/worker-process'
import { Workload } from './workload'

/**
 * Trains, measures and reports as asked; stops cleanly on a signal and keeps what was measured.
 *
 * @param caller the folder that the caller works in
 * @param rank of several that share out the runs; the first one times, prints and writes
 * @returns the exit code
 * @throws UserError, DataError or EngineError for a request that cannot be met
 */
export async function bench(
  options: BenchOptions,
  caller: string,
  rank: Rank = { communicator: alone, isFirst: true },
): Promise<number> {
  const { communicator, isFirst } = rank
  const progress = new Progress(process.stdout, !isFirst)
  // The folder is ready when the others look at it.
  if (!isFirst) await communicator.barrier()
  const prepared = await prepare(options, caller, rank, (line) => progress.print(line))
  if (isFirst) await communicator.barrier()
  try {
    return await measureAndReport(prepared, progress, historyFile(caller), communicator)
  } finally {
    prepared.unlock()
  }
}

async function measureAndReport(
  { out, experiment, probes, results }: Prepared,
  progress: Progress,
  history: string,
  communicator: Communicator,
): Promise<number> {
  const { workers } = results.options.shares
  const workload = new Workload(workers * communicator.size)
  const isFirst = communicator.rank === 0
  const startedAt = performance.now()
  let died: WorkerDied | undefined
  const measure = async (signal: AbortSignal) => {
    const session: Session = { signal, progress, workload, communicator }
    try {
      await measureEverything(experiment, probes, results, session, () => {
        const refused = isFirst && tryToWrite(out, results, probes)
        if (refused) progress.print(`${refused.message}; it is tried again at the end`)
      })
      return 0
    } catch (error) {
      // The others can't be left to wait for this one.
      if (!(error instanceof WorkerDied) || !isFirst) throw error
      died = error
      return 1
    }
  }
  const sentence = 'stopping after this step and saving; Ctrl-C again quits at once'
  const exitCode = await untilSignal(progress, sentence, measure)
  if (!isFirst) return exitCode
  results.interrupted = exitCode !== 0
  progress.print(formatResults(results, probes))
  progress.print(`\ntook ${formatDuration((performance.now() - startedAt) / 1000)}`)
  const refused = tryToWrite(out, results, probes)
  if (refused)
    throw refused.with(
      `all runs are kept in '${experiment.setup.comparison.store}', and the same command reads with them and writes it again`,
    )
  const { results: measured, report } = reportPaths(out)
  progress.print(`results: ${measured}\nreport:  ${report}`)
  if (!results.interrupted) {
    keepSpeeds(history, results, probes)
    return 0
  }
  if (died && communicator.size > 1) throw died
  if (died) process.stderr.write(`${died.message}\n`)
  progress.print('stopped before the end; the same command goes on from here')
  return exitCode
}

/** @returns the refusal of the file system, where it refuses: what was measured can still be read on the terminal */
function tryToWrite(out: string, results: Results, probes: readonly Probe[]): FileError | undefined {
  try {
    writeReport(out, results, probes)
    return undefined
  } catch (error) {
    if (error instanceof FileError) return error
    throw error
  }
}
