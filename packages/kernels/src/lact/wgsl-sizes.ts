import type { Shapes } from '@ttt-e2e/tensor-ops'

export interface LactSizes {
  /** Heads of sequences: tasks. */
  tasks: number
  length: number
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

/** The names of three tensors and where each stands from the first on, with its values. */
export const three = (letter: string, sizes: LactSizes, at: number) =>
  [0, 1, 2].map((i) => ({
    name: `${letter}${i}`,
    at: at + i * weightValues(sizes),
    values: weightValues(sizes),
  }))
export const threeNorms = ({ width, hidden }: LactSizes, at: number) => [
  { name: 'norm0', at, values: hidden },
  { name: 'norm1', at: at + hidden, values: width },
  { name: 'norm2', at: at + hidden + width, values: hidden },
]

export const lactSizes = ({ q, w0 }: Shapes, chunk: number, preNorm: number): LactSizes => ({
  tasks: q[0],
  length: q[1],
  width: q[2],
  hidden: w0[1],
  chunk,
  preNorm: preNorm !== 0,
})

/** What stands in a token's row: how many values from which column on. */
export const tokenColumns = (width: number): [name: string, values: number, column: number][] => [
  ['q', width, 0],
  ['k', width, width],
  ['v', width, 2 * width],
  ['lr', 3, 3 * width],
  ['momentum', 1, 3 * width + 3],
]
