import { tf, resolveEngine } from '@ttt-e2e/tensor-ops'
import './index'
import { attentionOp } from '../ops'
await resolveEngine('native', { threads: 1 })
const q = tf.randomNormal([4, 512, 3, 32])
const o = attentionOp({ q, k: q, v: q }, { window: 64, offset: 0 })
const grad = attentionOp.gradient(['q', 'k', 'v'], ['y'])
for (let i = 0; i < 1500; i++) { const x = attentionOp({ q, k: q, v: q }, { window: 64, offset: 0 }); x.y.dispose(); x.logSumExp.dispose() 
 if (process.argv[2]) Object.values(grad({ q, k: q, v: q, d_y: q, y: o.y, logSumExp: o.logSumExp }, { window: 64 })).forEach((t) => t.dispose()) }
process.exit(0)
