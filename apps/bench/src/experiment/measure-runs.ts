import { formatDuration } from '@ttt-e2e/cli'
import { setMaxListeners } from 'node:events'
import type { Session } from './session'
import type { MeasuredRun, MeasureRun, RunWork } from './run-work'

/**
 * Measures runs side by side: each worker takes the first that waits, until none is left. Where one fails the others
 * are stopped, too.
 *
 * @param onMeasured called with each run as it ends, interrupted ones included
 * @throws the first failure, or the signal's reason, once every worker has stopped
 */
export async function measureRuns(
  runs: readonly RunWork[],
  workers: readonly MeasureRun[],
  { signal, progress, workload }: Session,
  onMeasured: (work: RunWork, measured: MeasuredRun) => void,
): Promise<void> {
  const waiting = [...runs]
  const failure = new AbortController()
  const stop = AbortSignal.any([signal, failure.signal])
  // Every worker listens to it, which Node takes for a leak where they are many.
  setMaxListeners(0, stop)
  const doing = workers.map(() => '')

  const workOff = async (measure: MeasureRun, place: number) => {
    for (let work = waiting.shift(); work && !stop.aborted; work = waiting.shift()) {
      const run = work
      const listener = {
        print: (line: string) => progress.print(line),
        update(text: string, piece: string, left: number) {
          doing[place] = text
          workload.set(run, piece, left)
          progress.update(
            `${doing.filter((each) => each !== '').join('\n')}, ${formatDuration(workload.left())} in all`,
          )
        },
      }
      const measured = await measure(run, listener, stop)
      doing[place] = ''
      workload.done(run)
      if (measured) onMeasured(run, measured)
    }
  }
  await Promise.all(
    workers.map((measure, place) =>
      workOff(measure, place).catch((error: unknown) => {
        if (!failure.signal.aborted) failure.abort(error)
        // What went wrong while the others were stopped: the first failure is thrown, but each may have lost something.
        else if (error !== stop.reason) progress.print(error instanceof Error ? error.message : String(error))
      }),
    ),
  )
  failure.signal.throwIfAborted()
  signal.throwIfAborted()
}
