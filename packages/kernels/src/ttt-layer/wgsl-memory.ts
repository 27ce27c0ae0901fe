import type { Shapes } from '@ttt-e2e/tensor-ops'
import type { Field, TokenColumn } from '../task-memory/call'

export interface TttSizes {
  batch: number
  length: number
  heads: number
  width: number
  miniBatch: number
  /** Inputs of each layer, and the last one's outputs. */
  widths: readonly number[]
}

export const depthOf = ({ widths }: TttSizes): number => widths.length - 1
export const tasksOf = ({ batch, heads }: TttSizes): number => batch * heads

/** Values of an inner model: of each layer its weights [in, out], then its biases [out]. */
export const modelValues = ({ widths }: TttSizes): number =>
  widths.slice(1).reduce((sum, out, l) => sum + (widths[l] + 1) * out, 0)

/** Where a layer's weights and biases stand in a model. */
export function modelPlaces({ widths }: TttSizes): { w: number; b: number }[] {
  let at = 0
  return widths.slice(1).map((out, l) => {
    const w = at
    at += (widths[l] + 1) * out
    return { w, b: w + widths[l] * out }
  })
}

export function tttSizes(shapes: Shapes): TttSizes {
  const [batch, length, heads, width] = shapes.q
  const widths = [width]
  for (let l = 1; `w${l}` in shapes; l++) widths.push(shapes[`w${l}`][3])
  return { batch, length, heads, width, miniBatch: shapes.factors[0], widths }
}

/** A model's parts, layer by layer, of models that stand at `at`. */
export const modelFields = (sizes: TttSizes, at: number, ending = ''): Field[] =>
  modelPlaces(sizes).flatMap(({ w, b }, l) => {
    const [into, out] = [sizes.widths[l], sizes.widths[l + 1]]
    return [
      { name: `w${l + 1}${ending}`, at: at + w, values: into * out },
      { name: `b${l + 1}${ending}`, at: at + b, values: out },
    ]
  })

/** The parameters that sequences, some of which heads too, have in common. */
export const sharedFields = (
  { width, heads, miniBatch }: TttSizes,
  { factors, scale, shift }: { factors: number; scale: number; shift: number },
): Field[] => [
  { name: 'factors', at: factors, values: miniBatch, groups: 1 },
  { name: 'normScale', at: scale, values: width, groups: heads },
  { name: 'normShift', at: shift, values: width, groups: heads },
]

/** Of a token: q, k, v and its rate. */
export const rowOf = ({ width }: TttSizes): number => 3 * width + 1
export const tokenColumns = (width: number): TokenColumn[] => [
  ['q', width, 0],
  ['k', width, width],
  ['v', width, 2 * width],
  ['rates', 1, 3 * width],
]
