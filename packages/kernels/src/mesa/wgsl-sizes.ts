import type { Shapes } from '@ttt-e2e/tensor-ops'
import type { Field, TokenColumn } from '../task-memory/call'
import type { TaskTokens } from '../task-memory/parts'

export interface MesaSizes extends TaskTokens {
  /** Channels of keys and of values. */
  depth: number
  width: number
}

export const mesaSizes = ({ k: [batch, length, heads, depth], v: [, , , width] }: Shapes): MesaSizes => ({
  batch,
  length,
  heads,
  depth,
  width,
})

/** Values of both sums, those of keys [K, K] first. */
export const sumValues = ({ depth, width }: MesaSizes): number => depth * (depth + width)
export const sumFields = ({ depth, width }: MesaSizes, at: number): Field[] => [
  { name: 'keys', at, values: depth * depth },
  { name: 'values', at: at + depth * depth, values: depth * width },
]
export const lambdaField = ({ heads, depth }: MesaSizes, at: number): Field => ({
  name: 'lambda',
  at,
  values: depth,
  groups: heads,
})

/** Of a token: q, k, v, the logarithm of its decay and its weight. */
export const rowOf = ({ depth, width }: MesaSizes): number => 2 * depth + width + 2
export const tokenColumns = ({ depth, width }: MesaSizes): TokenColumn[] => [
  ['q', depth, 0],
  ['k', depth, depth],
  ['v', width, 2 * depth],
  ['g', 1, 2 * depth + width],
  ['beta', 1, 2 * depth + width + 1],
]
