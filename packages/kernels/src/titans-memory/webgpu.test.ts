import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { testTaskKernels } from '../task-memory/testing'
import { cases } from './cases'
import { titansMemoryOp } from '.'
import { gpuKernels } from './wgsl'

/** Kernels are compiled for each width, and for gradients at the start: those of a few. */
const wanted = new Set([
  'inside a chunk, gradients at the start',
  'heads at different positions',
  'η and α of 0 and 1',
])
const op = titansMemoryOp as unknown as FusedOp
const example = cases.find(({ name }) => name === 'two chunks and a rest')!

testTaskKernels(
  "Titans' memory",
  cases.filter(({ name }) => wanted.has(name)).map((example) => ({ op, example })),
  {
    op,
    example,
    bytes: 40_000,
    supports: gpuKernels.TitansMemoryGrad.supports,
    attributes: { gradientsAtStart: 0, ...example.attributes },
  },
)
