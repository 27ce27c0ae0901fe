import type { Shapes } from '@ttt-e2e/tensor-ops'
import type { Field, TokenColumn } from '../task-memory/call'
import type { TaskTokens } from '../task-memory/parts'

/** Sequences' heads are what the op has as its first axis. */
export interface LactSizes extends TaskTokens {
  width: number
  hidden: number
  chunk: number
  /** Whether what is read are rescaled copies of the weights. */
  preNorm: boolean
}

/** Of a token: q, k, v, three rates and its momentum. */
export const rowOf = ({ width }: LactSizes): number => 3 * width + 4
export const weightValues = ({ width, hidden }: LactSizes): number => width * hidden
export const normValues = ({ width, hidden }: LactSizes): number => 2 * hidden + width

/** Three tensors, one behind the other. */
const three = (letter: string, sizes: LactSizes, at: number): Field[] =>
  [0, 1, 2].map((i) => ({
    name: `${letter}${i}`,
    at: at + i * weightValues(sizes),
    values: weightValues(sizes),
  }))
/** The norms of rows, one behind the other. */
export const normFields = ({ width, hidden }: LactSizes, at: number): Field[] => [
  { name: 'norm0', at, values: hidden },
  { name: 'norm1', at: at + hidden, values: width },
  { name: 'norm2', at: at + hidden + width, values: hidden },
]

/** Where what is carried from token to token stands. */
export interface CarriedPlaces {
  w: number
  m: number
  g: number
  sum: number
}
export const carriedFields = (sizes: LactSizes, { w, m, g, sum }: CarriedPlaces): Field[] => [
  ...three('w', sizes, w),
  ...three('m', sizes, m),
  ...three('g', sizes, g),
  { name: 'momentumSum', at: sum, values: 1 },
]

export const lactSizes = ({ q, w0 }: Shapes, chunk: number, preNorm: number): LactSizes => ({
  batch: q[0],
  heads: 1,
  length: q[1],
  width: q[2],
  hidden: w0[1],
  chunk,
  preNorm: preNorm !== 0,
})

export const tokenColumns = (width: number): TokenColumn[] => [
  ['q', width, 0],
  ['k', width, width],
  ['v', width, 2 * width],
  ['lr', 3, 3 * width],
  ['momentum', 1, 3 * width + 3],
]
