import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { linearCrossEntropyLossesOp, linearCrossEntropyOp } from './index'

runOpSuite(linearCrossEntropyOp, cases)
runOpSuite(linearCrossEntropyLossesOp, cases)
// Scores of size s are off by about s / 500 in bf16, and exponentials make that relative. Slopes are gradients already,
// so that each order of derivative is one higher.
const ordinary = cases.filter((example) => !('scale' in example))
runOpSuite(linearCrossEntropyOp, ordinary, {
  precision: 'bf16',
  tolerance: { forward: 2e-2, gradient: 4e-2 },
})
