import '@ttt-e2e/kernels/engines'
import { createSystem } from '@ttt-e2e/baselines'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { startRun, trainStep, standardOptimizer, standardSchedule } from '@ttt-e2e/meta-outer'
import { engineMemory, resolveEngine, treeSize } from '@ttt-e2e/tensor-ops'
const a = Object.fromEntries(process.argv.slice(2).map((x) => x.split('=')))
const n = (k: string, d: number) => (a[k] === undefined ? d : Number(a[k]))
const engine = await resolveEngine('native', { threads: n('threads', 2) })
const size = { ...publishedSizes['125m'], vocabularySize: n('vocab', 128256), window: n('window', 8192), chunk: n('chunk', 1024) , ...(a.hidden && {hiddenSize: n('hidden',768), heads: n('heads',12), intermediateSize: n('inter',2048)})}
const length = n('length', 8192), batch = n('batch', 1)
const system = createSystem(a.system ?? 'ttt-e2e', size)
const state = startRun(system, 0)
const tokens = Int32Array.from({ length: batch * (length + 1) }, (_, i) => (i * 7919) % size.vocabularySize)
const data = { tokens, mask: new Uint8Array(batch * length).fill(1), batch, length, cursor: null }
const MB = (x: number) => (x / 1e6).toFixed(0)
import { readFileSync } from 'node:fs'
const hwm = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024
console.log('params', MB(treeSize(state.params)), 'M, weights+2 moments', MB(12 * treeSize(state.params)), 'MB; rss', MB(process.memoryUsage.rss()))
for (let i = 0; i < n('steps', 2); i++) {
  const c = process.cpuUsage(), t = performance.now()
  const opts: any = a.budget === undefined ? {} : { memoryBudget: n('budget', 0) * 1e6 }
  if (a.every) opts.checkpointEvery = a.every === 'everything' ? a.every : Number(a.every)
  const r = await trainStep(system, state, data as any, standardOptimizer(standardSchedule(1e6, 1e-3)), opts)
  const d = process.cpuUsage(c)
  const m = engineMemory()
  console.log(`step ${i} loss ${r.loss.toFixed(5)} wall ${((performance.now() - t) / 1000).toFixed(1)} cpu ${((d.user + d.system) / 1e6).toFixed(1)} sys ${(d.system/1e6).toFixed(1)} live ${MB(m.live)} reserved ${MB(m.reserved)} hwm ${MB(hwm())}`)
}
