import { signed } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { unconvergedLabel } from '../training/unconverged-label'
import { rangeNames } from './range-names'
import { subjectOf, type Difference, type LossSummary } from './summarise'

/** What the losses say, in plain sentences; nothing that they don't. */
export function lossVerdict({ summary }: ProbeResults<number[][], LossSummary>, task: TaskResults): string[] {
  const subject = subjectOf(task)
  const ours = summary.loss[subject]
  if (!ours) return [`${subject} was not evaluated, so there is nothing to set the others against.`]
  return [
    ...trend(ours, task),
    ...againstReferences(ours, task),
    ...summary.differences.map((difference) => against(difference, task)),
    ...beyondTraining(task),
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
      ? `${subjectOf(task)}'s loss still falls at the end: ${place}.`
      : `${subjectOf(task)}'s loss does NOT fall at the end: ${place}.`,
  ]
}

function againstReferences(ours: readonly number[], task: TaskResults): string[] {
  return task.references.map(({ name, detail, loss: limit }) => {
    const distance = ours.at(-1)! - limit.at(-1)!
    const where = distance < 0 ? 'below' : 'above'
    return `${subjectOf(task)} ends ${Math.abs(distance).toFixed(3)} nats ${where} the ${name}, ${limit.at(-1)!.toFixed(3)}: the ${detail}.`
  })
}

/** Less than this is 0.000 in the tables: nothing to speak of. */
const visible = 0.0005

function against({ system, mean, low, high }: Difference, task: TaskResults): string {
  const subject = subjectOf(task)
  const range = rangeNames(task).at(-1)
  const amount = `${signed(mean)} nats${low === undefined ? '' : ` (95 % interval ${signed(low)} to ${signed(high!)})`} at ${range}`
  const label = unconvergedLabel(task, system)
  const caution = label ? `; ${system} is ${label}` : ''
  if (low === undefined || high === undefined)
    return `Against ${system}: ${amount}; one document allows no interval${caution}.`
  if (high < -visible) return `${subject} beats ${system}: ${amount}${caution}.`
  if (low > visible) return `${subject} does NOT beat ${system}, it is behind: ${amount}${caution}.`
  return `${subject} does NOT beat ${system} beyond doubt: ${amount}${caution}.`
}

function beyondTraining({ systems, recipe, given }: TaskResults): string[] {
  if (given) return []
  const { evaluation, training } = recipe
  if (evaluation.length <= training.length || !systems.some(({ name }) => name === 'full-attention'))
    return []
  return [
    `full-attention was trained on ${training.length} tokens and reads ${evaluation.length}: beyond ${training.length} its positions ` +
      `are new to it, so its last ranges say how it extrapolates, not what attention trained at that length can do.`,
  ]
}
