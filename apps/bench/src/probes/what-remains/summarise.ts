import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, wilson, type PairedDifference } from '../../statistics'
import { questions, type Question, type Remains } from './measure'

interface Answered {
  /** Nats that the memory of another text loses more: what remains. Positive where something does. */
  remains: PairedDifference
  own: number
  another: number
}

interface Share {
  mean: number
  low: number
  high: number
}

export interface RemainsSummary {
  /** By system and question. */
  answers: Record<string, Partial<Record<Question, Answered>>>
  /** Shares that were right, by system. */
  right: Record<string, Partial<Record<'passage' | 'statement', { own: Share; another: Share }>>>
}

export function summariseRemains(
  measured: Measurement<Remains[]>[],
  { systems }: TaskResults,
): RemainsSummary {
  const read = systems
    .map(({ name }) => name)
    .filter((name) => measured.some(({ system }) => system === name))
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  return {
    answers: Object.fromEntries(
      read.map((name) => [
        name,
        Object.fromEntries(
          questions.flatMap((question) => {
            const answered = answeredOf(of(name), question)
            return answered ? [[question, answered]] : []
          }),
        ),
      ]),
    ),
    right: Object.fromEntries(
      read.map((name) => [
        name,
        Object.fromEntries(
          (['passage', 'statement'] as const).flatMap((question) => {
            const counted = of(name)
              .flat()
              .flatMap(({ right }) => right[question] ?? [])
            return counted.length === 0
              ? []
              : [[question, { own: share(counted, 'own'), another: share(counted, 'another') }]]
          }),
        ),
      ]),
    ),
  }
}

function answeredOf(seeds: Remains[][], question: Question): Answered | undefined {
  const rows = seeds.map((documents) => documents.flatMap(({ nats }) => nats[question] ?? []))
  const all = rows.flat()
  if (all.length === 0) return undefined
  const values = (key: 'own' | 'another') => rows.map((row) => row.map((each) => each[key]))
  const [own, another] = [values('own'), values('another')]
  const mean = (each: number[][]) => each.flat().reduce((sum, x) => sum + x, 0) / all.length
  // Of statements more is better: the margin of the true one.
  const remains = question === 'statement' ? pairedDifference(own, another) : pairedDifference(another, own)
  return { remains, own: mean(own), another: mean(another) }
}

function share(counted: { own: number; another: number; of: number }[], key: 'own' | 'another'): Share {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return wilson(sum(counted.map((each) => each[key])), sum(counted.map((each) => each.of)))
}
