import type { TaskResults } from '../experiment/results'
import { lossByIndex } from '../probes/loss-by-index'
import { signed } from '../probes/loss-by-index/differences-table'
import { rangeNames } from '../probes/loss-by-index/range-names'
import { subject, type Difference } from '../probes/loss-by-index/summarise'
import { resultsOf } from '../probes/probe'
import { training } from '../probes/training'

/** What the numbers of a task say, in plain sentences; nothing that they don't. */
export function verdictOf(task: TaskResults): string[] {
  const losses = resultsOf(lossByIndex, task)?.summary
  const ours = losses?.loss[subject]
  if (!losses || !ours)
    return ['ttt-e2e was not evaluated, so there is nothing to set the others against.', ...task.notes]
  return [
    ...trend(ours, task),
    ...againstReferences(ours, task),
    ...losses.differences.map((difference) => against(difference, task)),
    ...unconverged(task),
    ...beyondTraining(task),
    ...task.notes,
  ]
}

function trend(loss: readonly number[], task: TaskResults): string[] {
  const names = rangeNames(task)
  if (loss.length < 2) return []
  const [before, last] = loss.slice(-2)
  const change = last - before
  const place = `from ${before.toFixed(3)} at ${names.at(-2)} to ${last.toFixed(3)} at ${names.at(-1)}`
  return [
    change < 0
      ? `ttt-e2e's loss still falls at the end: ${place}.`
      : `ttt-e2e's loss does NOT fall at the end: ${place}.`,
  ]
}

function againstReferences(ours: readonly number[], { references }: TaskResults): string[] {
  return references.map(({ name, detail, loss: limit }) => {
    const distance = ours.at(-1)! - limit.at(-1)!
    const where = distance < 0 ? 'below' : 'above'
    return `ttt-e2e ends ${Math.abs(distance).toFixed(3)} nats ${where} the ${name}, ${limit.at(-1)!.toFixed(3)}: the ${detail}.`
  })
}

/** Less than this is 0.000 in the tables: nothing to speak of. */
const visible = 0.0005

function against({ system, mean, low, high }: Difference, task: TaskResults): string {
  const range = rangeNames(task).at(-1)
  const amount = `${signed(mean)} nats${low === undefined ? '' : ` (95 % interval ${signed(low)} to ${signed(high!)})`} at ${range}`
  const caution = labelOf(task, system) ? `; ${system} is ${labelOf(task, system)}` : ''
  if (low === undefined || high === undefined)
    return `Against ${system}: ${amount}; one document allows no interval${caution}.`
  if (high < -visible) return `ttt-e2e beats ${system}: ${amount}${caution}.`
  if (low > visible) return `ttt-e2e does NOT beat ${system}, it is behind: ${amount}${caution}.`
  return `ttt-e2e does NOT beat ${system} beyond doubt: ${amount}${caution}.`
}

/** `not converged after 500 steps`, where it or the system whose weights it reads with isn't. */
function labelOf(task: TaskResults, name: string): string | undefined {
  const owner = task.systems.find((system) => system.name === name)?.weightsOf ?? name
  const steps = resultsOf(training, task)?.summary.unconvergedAfter[owner]
  return steps === undefined ? undefined : `not converged after ${steps} steps`
}

function unconverged(task: TaskResults): string[] {
  const names = task.systems
    .filter(({ name, weightsOf }) => weightsOf === undefined && labelOf(task, name))
    .map(({ name }) => `${name} (${labelOf(task, name)})`)
  if (names.length === 0) return []
  return [
    `Not converged: ${names.join(', ')}. Trained longer they may do better; the learning curves show how they stood.`,
  ]
}

function beyondTraining({ systems, recipe }: TaskResults): string[] {
  const { evaluation, training } = recipe
  if (evaluation.length <= training.length || !systems.some(({ name }) => name === 'full-attention'))
    return []
  return [
    `full-attention was trained on ${training.length} tokens and reads ${evaluation.length}: beyond ${training.length} its positions ` +
      `are new to it, so its last ranges say how it extrapolates, not what attention trained at that length can do.`,
  ]
}
