import { counted } from '@ttt-e2e/tensor-ops/counted'
import { learningRate, type Recipe } from '@ttt-e2e/meta-outer'

/**
 * What becomes of the schedule of a run that goes on with other numbers, in a sentence; undefined where nothing does.
 *
 * @param step steps taken so far
 */
export function scheduleChange(stored: Recipe, now: Recipe, step: number): string | undefined {
  const [before, after] = [stored, now].map((recipe) => recipe.training.optimizer.schedule)
  const keys = (Object.keys(after) as (keyof typeof after)[]).filter((key) => before[key] !== after[key])
  if (keys.length === 0) return undefined
  const values = keys.map((key) => `${key} ${before[key]} → ${after[key]}`).join(', ')
  const rates = [before, after].map((schedule) => learningRate(schedule, step).toPrecision(3))
  const left = after.steps - step
  const end =
    left > 0
      ? `${counted(left, 'step')} ${left === 1 ? 'is' : 'are'} left`
      : `the run has taken ${step} already, so that it is done`
  return (
    `the schedule changes: ${values}; the learning rate follows the new one from step ${step + 1} on ` +
    `(${rates[1]} there, ${rates[0]} before), and ${end}`
  )
}
