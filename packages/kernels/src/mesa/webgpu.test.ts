import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { testTaskKernels } from '../task-memory/testing'
import { cases } from './cases'
import { mesaOp } from '.'
import { gpuKernels } from './wgsl'

const op = mesaOp as FusedOp
const named = (wanted: string) => cases.find(({ name }) => name === wanted)!

testTaskKernels('the Mesa layer', [{ op, example: named('decays from 1 to nothing side by side') }], {
  op,
  example: named('chunks, the last one short'),
  bytes: 16_000,
  supports: gpuKernels.MesaGrad.supports,
})
