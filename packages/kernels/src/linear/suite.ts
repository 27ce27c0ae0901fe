import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { linearOp } from './index'

/** Sequences side by side where each has weights of its own. */
const sequences = 4

export const suite = opSuite({
  op: linearOp,
  cases,
  sizes: ({ length, chunk, hiddenSize, intermediateSize }) => [
    timed('a sequence, projection', [1, length, hiddenSize], [hiddenSize, hiddenSize]),
    timed('a sequence, MLP up', [1, length, hiddenSize], [hiddenSize, intermediateSize]),
    timed('a sequence, MLP down', [1, length, intermediateSize], [intermediateSize, hiddenSize]),
    timed('a chunk, MLP up', [1, chunk, hiddenSize], [hiddenSize, intermediateSize]),
    timed('a chunk, MLP down', [1, chunk, intermediateSize], [intermediateSize, hiddenSize]),
    timed(
      'a chunk, MLP up, own weights',
      [sequences, chunk, hiddenSize],
      [sequences, hiddenSize, intermediateSize],
    ),
    timed(
      'a chunk, MLP down, own weights',
      [sequences, chunk, intermediateSize],
      [sequences, intermediateSize, hiddenSize],
    ),
  ],
})

/** One product; two for its gradient; for that one's, two with each of the two cotangents. */
function timed(name: string, x: number[], weight: number[]): TimedCase {
  const product = 2 * x.reduce((size, n) => size * n, weight.at(-1)!)
  return { name, shapes: { x, weight }, flops: [product, 2 * product, 4 * product] }
}
