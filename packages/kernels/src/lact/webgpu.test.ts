import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { testTaskKernels } from '../task-memory/testing'
import { cases } from './cases'
import { lactOp } from '.'
import { gpuKernels } from './wgsl'

/** Kernels are compiled for each width and chunk: those of a few. */
const wanted = new Set(['rescaled copies', 'heads at different positions', 'more than a block of tokens'])
const op = lactOp as unknown as FusedOp
const example = cases.find(({ name }) => name === 'three chunks and a rest')!

testTaskKernels(
  'LaCT',
  cases.filter(({ name }) => wanted.has(name)).map((example) => ({ op, example })),
  { op, example, bytes: 12_000, supports: gpuKernels.LactGrad.supports, attributes: example.attributes },
)
