import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { ringJoinOp, ringWriteOp } from './index'

runOpSuite(ringWriteOp, cases)
runOpSuite(ringJoinOp, cases)
