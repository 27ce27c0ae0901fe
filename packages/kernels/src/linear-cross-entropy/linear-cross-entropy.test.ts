import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { linearCrossEntropyLossesOp, linearCrossEntropyOp } from './index'

runOpSuite(linearCrossEntropyOp, cases)
runOpSuite(linearCrossEntropyLossesOp, cases)
