import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import '../engines'
import { cases } from './cases'
import { channelDeltaRuleOp } from './index'

runOpSuite(channelDeltaRuleOp, cases)
