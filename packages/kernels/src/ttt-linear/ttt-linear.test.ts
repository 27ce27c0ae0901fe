import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { tttLinearOp } from './index'

runOpSuite(tttLinearOp, cases, { order: 2 })
