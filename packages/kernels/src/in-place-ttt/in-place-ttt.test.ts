import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { inPlaceTttOp } from './index'

runOpSuite(inPlaceTttOp, cases)
