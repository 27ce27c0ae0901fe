import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { mesaOp } from './index'

runOpSuite(mesaOp, cases, { order: 2 })
