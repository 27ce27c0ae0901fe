import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { adamwOp } from './index'

runOpSuite(adamwOp, cases, { order: 0 })
