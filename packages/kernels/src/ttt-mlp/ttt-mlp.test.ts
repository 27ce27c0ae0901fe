import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { tttMlpOp } from './index'

runOpSuite(tttMlpOp, cases, { order: 2 })
