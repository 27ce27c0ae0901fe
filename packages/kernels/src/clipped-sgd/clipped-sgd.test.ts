import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { clippedSgdOp } from './index'

runOpSuite(clippedSgdOp(2), cases)
