import { opSuite, type ModelShape, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { linearCrossEntropyOp } from './index'

export const suite = opSuite({
  op: linearCrossEntropyOp,
  cases,
  sizes: (shape) => [timed('a sequence', shape.length, shape), timed('a chunk', shape.chunk, shape)],
})

/** Products with the head: one; three for the gradient, which makes the logits again; seven for that one's. */
function timed(name: string, rows: number, { hiddenSize, vocabularySize }: ModelShape): TimedCase {
  const product = 2 * rows * hiddenSize * vocabularySize
  return {
    name,
    shapes: { hidden: [rows, hiddenSize], weight: [vocabularySize, hiddenSize], targets: [rows] },
    integersBelow: { targets: vocabularySize },
    scale: { weight: 0.02 },
    flops: [1, 3, 7].map((products) => products * product),
  }
}
