import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { unitOf } from '../../report/unit-of'
import { percent } from '../percent'
import { questions, type Question, type Remains } from './measure'
import type { RemainsSummary } from './summarise'

export const questionNames: Record<Question, string> = {
  passage: 'a passage, word for word',
  statement: 'a true statement against a false one',
  continuation: 'what follows',
  style: 'another text of the same author',
}

type Results = ProbeResults<Remains[], RemainsSummary>

export const remainsTables = ({ summary }: Results, task: TaskResults): Table[] => [
  {
    title: `what of a text that has left the windows is still there (nats per ${unitOf(task)})`,
    columns: ['system', ...questions.map((question) => questionNames[question])],
    rows: Object.entries(summary.answers).map(([name, answers]) => [
      name,
      ...questions.map((question) => {
        const answered = answers[question]
        return answered ? inInterval(answered.remains) : '–'
      }),
    ]),
    note:
      'nats that are lost more with the memory of another text in place of its own, 95 % intervals over documents and seeds: ' +
      `0 where nothing remains; of statements the margin of the true name over a false one of as many letters${unitOf(task) === 'byte' ? '' : ', per character'}. Only what no window ` +
      'of the stack can see any more is asked for',
  },
  {
    title: 'how often it is right',
    columns: [
      'system',
      `${unitOf(task)}s of passages, own text`,
      'another text',
      'statements, own text',
      'another text read',
    ],
    rows: Object.entries(summary.right).map(([name, right]) => [
      name,
      ...(['passage', 'statement'] as const).flatMap((question) =>
        (['own', 'another'] as const).map((whose) => {
          const share = right[question]?.[whose]
          return share ? `${percent(share.mean)} (${percent(share.low)}–${percent(share.high)})` : '–'
        }),
      ),
    ]),
    note: `${unitOf(task)}s given more than half of the probability; statements of which the true name is likelier than the false one; 95 % Wilson intervals, ${unitOf(task)}s and statements taken as independent`,
  },
]
