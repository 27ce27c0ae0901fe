import { opSuites, type OpName, type TimedCase } from '@ttt-e2e/kernels/cases'
import type { FusedOp } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { createSpeedSystem } from '../speed-system'
import { speedSizes, type SpeedSizeName } from '../sizes'

/** An op at a shape that it has in a model. */
export interface TimedOp extends Pick<TimedCase, 'flops'> {
  op: FusedOp
  example: OpCase
}

/** The shapes of an op in training and reading at a size. */
export function timedOps(name: OpName, size: SpeedSizeName): TimedOp[] {
  const { model, length } = speedSizes[size]
  const { intermediateSize } = createSpeedSystem('ttt-e2e', size).decoder.config
  const suite = opSuites[name]
  return suite
    .sizes({ ...model, length, intermediateSize })
    .map(({ op = suite.op, flops, ...example }) => ({ op, example, flops }))
}
