import { FileError } from '@ttt-e2e/tensor-ops/files'
import { MetricsFile, type MetricsLine, type Run, type TrainingEvent } from '@ttt-e2e/training'
import { writeRunReport } from './report/write-run-report'
import { isRun } from './runs/read-run'
import { EventFile } from './tensorboard/event-file'

/** While it is trained, a run's report is not drawn more often than this. */
const reportEveryMilliseconds = 60_000

/**
 * Passes on what happens in a run, and keeps what its metrics.jsonl says in TensorBoard's form and as report.html: after
 * evaluations, now and then, and at its end. Where these can't be written the run goes on, and that is said once.
 */
export async function* recordTraining(
  run: Run,
  events: AsyncIterable<TrainingEvent>,
  onRefused: (sentence: string) => void,
): AsyncGenerator<TrainingEvent, void, void> {
  const views = new Views(run.folder, onRefused)
  try {
    for await (const event of events) {
      await views.take(event)
      yield event
    }
  } finally {
    // Only now another process may have the folder, so that the state is that of a run that has ended.
    await views.report()
  }
}

/** What is made of a run's metrics for people to look at. */
class Views {
  private events?: EventFile
  private reportedAt = performance.now()
  private refused = false

  constructor(
    private readonly folder: string,
    private readonly onRefused: (sentence: string) => void,
  ) {}

  async take(event: TrainingEvent): Promise<void> {
    if (!isRun(this.folder)) return
    await this.unlessRefused(() => {
      const line = lineOf(event)
      // The metrics have the line already. Behind a batch that was passed over they may have been taken back.
      if (event.kind === 'passed-over') this.events = undefined
      else if (!this.events)
        this.events = new EventFile(this.folder, new MetricsFile(this.folder, false).lines())
      else if (line) this.events.add(line)
    })
    if (event.kind === 'held-out' && performance.now() - this.reportedAt > reportEveryMilliseconds)
      await this.report()
  }

  async report(): Promise<void> {
    if (!isRun(this.folder)) return
    await this.unlessRefused(() => writeRunReport(this.folder))
    this.reportedAt = performance.now()
  }

  private async unlessRefused(write: () => unknown): Promise<void> {
    if (this.refused) return
    try {
      await write()
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      this.refused = true
      this.onRefused(`${error.message}; the run goes on without its events and its report`)
    }
  }
}

function lineOf(event: TrainingEvent): MetricsLine | undefined {
  if (event.kind === 'step') return event.line
  return event.kind === 'held-out'
    ? { kind: 'held-out', step: event.step, ...event.result, at: Date.now() / 1000 }
    : undefined
}
