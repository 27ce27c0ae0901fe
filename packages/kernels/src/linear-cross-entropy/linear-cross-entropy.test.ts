import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { linearCrossEntropyOp } from './index'

runOpSuite(linearCrossEntropyOp, cases)
