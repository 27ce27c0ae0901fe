import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { ssdScanOp } from './index'

runOpSuite(ssdScanOp, cases)
