import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { biasedShortConvOp, shortConvOp } from './index'

runOpSuite(shortConvOp, cases)
runOpSuite(biasedShortConvOp, cases)
