import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { gradientClipOp } from './index'

runOpSuite(gradientClipOp(2), cases, { order: 0 })
