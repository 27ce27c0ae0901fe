import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { mamba3ScanOp } from './index'

runOpSuite(mamba3ScanOp, cases)
