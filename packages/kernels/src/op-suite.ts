import type { FusedOp } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'

/** What decides the shapes that ops have in a model. */
export interface ModelShape {
  /** Tokens of a sequence. */
  length: number
  hiddenSize: number
  intermediateSize: number
  heads: number
  vocabularySize: number
  window: number
  chunk: number
  /** Blocks with a prime MLP. */
  suffixBlocks: number
}

/** An op at a shape that it has in a model. */
export interface TimedCase extends OpCase {
  /** Where it is another than the one that is tested. */
  op?: FusedOp
  /**
   * Floating-point operations of the products in the op, in its gradient and in the gradient's gradient; absent where
   * the time is that of moving values.
   */
  flops?: readonly number[]
}

/** All that tests and the bench know of an op. */
export interface OpSuite {
  op: FusedOp
  cases: readonly OpCase[]
  /** What is timed. */
  sizes(shape: ModelShape): TimedCase[]
}

/** Forgets what the op's attributes are. */
export const opSuite = ({ op, ...rest }: Omit<OpSuite, 'op'> & { op: unknown }): OpSuite => ({
  op: op as FusedOp,
  ...rest,
})
