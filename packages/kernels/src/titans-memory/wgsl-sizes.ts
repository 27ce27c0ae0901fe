import type { Attributes, Shapes } from '@ttt-e2e/tensor-ops'
import { floatWord } from '../engines/webgpu/kernel'
import type { Field, TokenColumn } from '../task-memory/call'
import type { TaskTokens } from '../task-memory/parts'
import type { TitansMemoryAttributes } from './reference'

/** Sequences' heads are what the op has as its first axis. */
export interface TitansSizes extends TaskTokens, TitansMemoryAttributes {
  width: number
  hidden: number
}

export const titansSizes = (
  { q, w1 }: Shapes,
  { chunk, gradientsAtStart, epsilon }: Attributes,
): TitansSizes => ({
  batch: q[0],
  heads: 1,
  length: q[1],
  width: q[2],
  hidden: w1[2],
  chunk,
  gradientsAtStart,
  epsilon,
})

/** As a call's numbers, in the order of the op's attributes. */
export const attributesOf = ([chunk, gradientsAtStart, epsilon]: readonly number[]) => ({
  chunk,
  gradientsAtStart,
  epsilon,
})
/** What kernels get beside the length. */
export const parametersOf = ({ chunk, epsilon }: TitansSizes): number[] => [chunk, floatWord(epsilon)]

/** Values of the three tensors w0 [D], w1 [D, H] and w2 [H, D], one behind the other. */
export const weightValues = ({ width, hidden }: TitansSizes): number => width + 2 * width * hidden
/** Where w1 and w2 stand in them. */
export const weightPlaces = ({ width, hidden }: TitansSizes) => ({ w1: width, w2: width + width * hidden })

/** Where what is carried from token to token stands. */
export interface CarriedPlaces {
  w: number
  s: number
  g: number
  sums: number
}
export function carriedFields(sizes: TitansSizes, { w, s, g, sums }: CarriedPlaces): Field[] {
  const { width, hidden } = sizes
  const { w1, w2 } = weightPlaces(sizes)
  const three = (letter: string, at: number): Field[] => [
    { name: `${letter}0`, at, values: width },
    { name: `${letter}1`, at: at + w1, values: width * hidden },
    { name: `${letter}2`, at: at + w2, values: hidden * width },
  ]
  return [
    ...three('w', w),
    ...three('s', s),
    ...three('g', g),
    { name: 'momentumSum', at: sums, values: 1 },
    { name: 'decaySum', at: sums + 1, values: 1 },
  ]
}

/** Of a token: q, k, v, its rate and its two logits. */
export const rowOf = ({ width }: TitansSizes): number => 3 * width + 3
export const tokenColumns = (width: number): TokenColumn[] => [
  ['q', width, 0],
  ['k', width, width],
  ['v', width, 2 * width],
  ['rate', 1, 3 * width],
  ['momentum', 1, 3 * width + 1],
  ['decay', 1, 3 * width + 2],
]
