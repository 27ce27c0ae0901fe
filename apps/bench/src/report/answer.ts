import type { Figure } from '@ttt-e2e/report'

/** What the report's first screen asks, in its order. */
export const questions = {
  'loss-falls': 'Does loss keep falling with context?',
  'latency-flat': 'Is latency flat?',
  cost: 'What does it cost?',
  limits: 'What can it not do?',
} as const

export type Question = keyof typeof questions

/** A probe's answer to one of them: a sentence with its numbers, and a small figure. */
export interface Answer {
  question: Question
  sentence: string
  figure: Figure
}
