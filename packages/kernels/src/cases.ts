import type { FusedOp } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { adamwOp } from './adamw'
import { cases as adamwCases } from './adamw/cases'
import { attentionOp } from './attention'
import { cases as attentionCases } from './attention/cases'
import { clippedSgdOp } from './clipped-sgd'
import { cases as clippedSgdCases } from './clipped-sgd/cases'
import { linearOp } from './linear'
import { cases as linearCases } from './linear/cases'
import { linearCrossEntropyOp } from './linear-cross-entropy'
import { cases as linearCrossEntropyCases } from './linear-cross-entropy/cases'
import { rmsNormOp } from './rms-norm'
import { cases as rmsNormCases } from './rms-norm/cases'
import { ropeOp } from './rope'
import { cases as ropeCases } from './rope/cases'
import { swigluOp } from './swiglu'
import { cases as swigluCases } from './swiglu/cases'

/** An op with the cases of its test. */
export interface CheckedOp {
  op: FusedOp
  cases: readonly OpCase[]
}

const checked = (op: unknown, cases: readonly OpCase[]): CheckedOp => ({ op: op as FusedOp, cases })

/** Every op with what it is tested with, by the names of their folders. */
export const opCases = {
  linear: checked(linearOp, linearCases),
  'rms-norm': checked(rmsNormOp, rmsNormCases),
  rope: checked(ropeOp, ropeCases),
  swiglu: checked(swigluOp, swigluCases),
  attention: checked(attentionOp, attentionCases),
  'linear-cross-entropy': checked(linearCrossEntropyOp, linearCrossEntropyCases),
  'clipped-sgd': checked(clippedSgdOp(2), clippedSgdCases),
  adamw: checked(adamwOp(2), adamwCases),
}

export type OpName = keyof typeof opCases
