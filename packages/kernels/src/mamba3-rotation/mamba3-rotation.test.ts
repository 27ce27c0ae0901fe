import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { mamba3RotationOp } from './index'

runOpSuite(mamba3RotationOp, cases)
