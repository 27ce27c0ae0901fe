import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { linearOp } from './index'

runOpSuite(linearOp, cases)
runOpSuite(linearOp, cases, { precision: 'bf16', tolerance: { forward: 5e-3, gradient: 5e-3 } })
