import { disposeRun } from '@ttt-e2e/meta-outer'
import { openTask } from '../tasks/open-task'
import type { Run } from './run'
import { trainRun } from './train-run'

export const cpu = { name: 'cpu', description: '', precision: 'f32' as const }

/** Sizes at which plain JavaScript trains in moments. */
export const microSettings = [
  'size.hiddenSize=8',
  'size.layers=2',
  'size.intermediateSize=16',
  'training.length=16',
  'training.batch=1',
] as const

/**
 * Trains, and frees the run.
 *
 * @param stopAfter the signal aborts when this step is told of
 * @returns the kind of the last event
 */
export async function trainAndDispose(run: Run, stopAfter?: number): Promise<string> {
  const controller = new AbortController()
  const { signal } = controller
  let end = ''
  try {
    for await (const event of trainRun({ run, task: await openTask(run.recipe), engine: cpu, signal })) {
      end = event.kind
      if (event.kind === 'step' && event.line.step === stopAfter) controller.abort()
    }
    return end
  } finally {
    disposeRun(run.state)
  }
}
