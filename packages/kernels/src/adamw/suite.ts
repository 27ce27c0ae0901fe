import { opSuite } from '../op-suite'
import { cases } from './cases'
import { adamwOp } from './index'

export const suite = opSuite({
  op: adamwOp,
  cases,
  sizes: ({ hiddenSize, intermediateSize, vocabularySize }) =>
    [
      { name: "one of an MLP's", shape: [hiddenSize, intermediateSize] },
      { name: 'the embedding', shape: [vocabularySize, hiddenSize] },
    ].map(({ name, shape }) => ({
      name,
      shapes: { p: shape, g: shape, m: shape, v: shape, factor: [] },
      attributes: { learningRate: 1e-3, step: 3 },
      // Second moments are never negative.
      scale: { v: 0 },
    })),
})
