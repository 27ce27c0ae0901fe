import { counted } from '@ttt-e2e/tensor-ops/counted'
import { formatCount, formatDuration, interruptedExitCode, type Progress } from '@ttt-e2e/cli'
import { batchShapeAt, fullLengthFrom } from '@ttt-e2e/meta-outer'
import { treeSize } from '@ttt-e2e/tensor-ops'
import type { Run, Task, TrainingEvent } from '@ttt-e2e/training'

/** What is said where a signal came first. */
export const stoppedBefore = 'stopped before a step was taken: there was nothing to save'

/** Steps whose mean time tells what is left. */
const recentSteps = 20

/**
 * Says what a run is, then what happens in it, as it happens.
 *
 * @returns the exit code: 1 where numbers are not finite, 130 where a signal stopped it
 */
export async function showTraining(
  { recipe, state, folder }: Run,
  task: Task,
  events: AsyncIterable<TrainingEvent>,
  progress: Progress,
): Promise<number> {
  const { batch, length, optimizer } = recipe.training
  const { steps } = optimizer.schedule
  const first = state.step
  progress.print(
    `${recipe.name} · ${recipe.system} · ${formatCount(treeSize(state.params))} parameters · ${task.summary}`,
  )
  const where = first > 0 ? `from step ${first} ` : ''
  const shape = batchShapeAt(recipe.training, state.step)
  const shorter =
    shape.length === length
      ? ''
      : `, ${shape.batch} × ${shape.length} and so on until step ${fullLengthFrom(recipe.training)}`
  progress.print(`${counted(steps, 'step')} ${where}of ${batch} × ${length} tokens${shorter} · ${folder}`)
  const startedAt = performance.now()
  const recent: number[] = []
  for await (const event of events)
    if (event.kind === 'step') {
      recent.push(event.line.seconds)
      if (recent.length > recentSteps) recent.shift()
      progress.update(describeStep(event, steps, recent))
    } else if (event.kind === 'held-out') progress.print(describeHeldOut(event))
    else if (event.kind === 'passed-over') progress.print(`${event.reason}: ${event.detail}`)
    else {
      progress.clear()
      if (event.kind === 'failed') {
        progress.complain(`${event.reason}; ${event.detail}`)
        return 1
      }
      if (event.kind === 'done') {
        const taken = counted(steps, 'step') + (first === 0 ? '' : `, ${state.step - first} of them`)
        progress.print(
          `done: ${taken} in ${formatDuration((performance.now() - startedAt) / 1000)}; ${folder}`,
        )
        return 0
      }
      if (state.step === 0) progress.print(stoppedBefore)
      else
        progress.print(
          `stopped after step ${state.step} of ${steps} and saved; go on with --resume ${folder}`,
        )
      return interruptedExitCode
    }
  return 0
}

function describeStep(
  { report, line }: Extract<TrainingEvent, { kind: 'step' }>,
  steps: number,
  recent: readonly number[],
): string {
  const perStep = recent.reduce((sum, x) => sum + x, 0) / recent.length
  return (
    `step ${line.step}/${steps} · loss ${line.loss.toFixed(3)} · first chunk ${line.firstChunk.toFixed(3)}, ` +
    `last ${line.lastChunk.toFixed(3)} · ${Math.round(report.tokens / perStep)} tokens/s · ` +
    `${formatDuration((steps - line.step) * perStep)} left`
  )
}

function describeHeldOut({ step, result }: Extract<TrainingEvent, { kind: 'held-out' }>): string {
  const [begin, ...later] = result.byPlace
  const place = ({ from, to, loss }: typeof begin) => `${from + 1}–${to} ${loss.toFixed(3)}`
  const ends = [begin, ...later.slice(-1)].map(place).join(', ')
  return `step ${step} · held-out ${result.loss.toFixed(3)} nats per token · tokens ${ends}`
}
