import type { Shapes } from '@ttt-e2e/tensor-ops'
import type { ScanForm, ScanSizes } from './sizes'

/** WGSL of a value, in terms of its place and of the op's inputs by their names with `_` before. */
type Expression = string

/** What a token tells a head: of `b`, `token`, the head `h` and, where there are channels, channel `i` and rank `r`. */
export interface ScanRows {
  inputs: readonly string[]
  /** The decay's logarithm of a channel. */
  log: Expression
  query: Expression
  key: Expression
  erase?: Expression
  /** What values are times as they are written, 1 where left out. */
  scale?: Expression
  /** The shares of it that are left and read, 1 where left out. */
  write?: Expression
  own?: Expression
  /** What values are times as they are read directly, 0 where left out. */
  skip?: Expression
}

/** The gradient of an input [B, T, (ranks), heads, (channels)]. */
export interface TokenGradient {
  heads: 'heads' | 'keyHeads' | 'gateHeads'
  /** The axes that it has beside. */
  ranks?: boolean
  channels?: boolean
  /** Inputs that `term` takes. */
  inputs?: readonly string[]
  /**
   * What is summed over the heads of the state that share one of its own, of `b`, `token`, `h`, `i`, `r` and the row's place
   * `at`: `of_(place)` is a slope, `ofAll(place)` its sum over the K channels from there on.
   */
  term: Expression
  /** WGSL of functions that it calls. */
  functions?: string
}

/** A scan whose state is a matrix for each head, as an op: what `scanKernels` makes kernels of. */
export interface StateScan extends ScanForm {
  name: string
  /** Whether the op's state is [B, H, V, K] instead of [B, H, K, V]. */
  byValue: boolean
  sizes(shapes: Shapes): ScanSizes
  rows: ScanRows
  /** The input that has the values. */
  values: string
  gradients: Record<string, TokenGradient>
  /** Gradients [H]: sums over all tokens of what is given for a head's. */
  sums?: Record<string, TokenGradient>
  /** What the state starts with besides: of b, h, `unit`, row `i`, column `c`. */
  start?: { inputs: readonly string[]; term: Expression; gradients: Record<string, StartGradient> }
}

/** The gradient of what the state starts with: `body` makes `sum` of `slopeAt(unit, i, c)` for the value `n`. */
export interface StartGradient {
  inputs: readonly string[]
  body: string
}
