import type { ProbeResults } from '../../experiment/results'
import { natsWithInterval } from '../interval'
import { questions, type Question, type Remains } from './measure'
import type { RemainsSummary } from './summarise'
import { questionNames } from './table'

/** A graded answer for the learner, then for the others in one line each. */
export function remainsVerdict({ summary }: ProbeResults<Remains[], RemainsSummary>): string[] {
  return Object.entries(summary.answers).map(([name, answers]) => {
    const asked = questions.filter((question) => answers[question])
    const kept = asked.filter((question) => (answers[question]!.remains.low ?? -1) > 0)
    const lost = asked.filter((question) => !kept.includes(question))
    const list = (those: readonly Question[]) =>
      those
        .map((question) => `${questionNames[question]} (${natsWithInterval(answers[question]!.remains)})`)
        .join('; ')
    return `Of a text that has left the windows ${name} keeps ${kept.length > 0 ? list(kept) : 'nothing beyond doubt'}${lost.length > 0 ? `; nothing beyond doubt of ${list(lost)}` : ''}.`
  })
}
