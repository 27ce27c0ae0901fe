import { testTaskKernels } from '../task-memory/testing'
import { tttLinearOp } from '../ttt-linear'
import { tttMlpOp } from '../ttt-mlp'
import { tttCases, tttShapes } from './cases'
import { tttKernels } from './wgsl'

/** Kernels are compiled for each width and mini-batch: cases of one. */
const wanted = new Set(['from inside a mini-batch, over two borders', 'sequences at different positions'])
const examples = (layers: (width: number) => number[]) =>
  tttCases(layers).filter(({ name }) => wanted.has(name))

const many = { batch: 1, length: 8, heads: 1, width: 4, miniBatch: 1 }

testTaskKernels(
  'TTT layers',
  [
    ...examples((width) => [width]).map((example) => ({ op: tttLinearOp, example })),
    { op: tttMlpOp, example: examples((width) => [2 * width, width])[0] },
  ],
  {
    op: tttLinearOp,
    example: {
      name: 'starts that are not all kept',
      shapes: tttShapes({ ...many, layers: [4] }),
      integers: { position: [0] },
      scale: { rates: 0.1, factors: 0.5, w1: 0.5, w1Sum: 0.5 },
    },
    bytes: 3200,
    supports: tttKernels('TttLinear').TttLinearGrad.supports,
  },
)
