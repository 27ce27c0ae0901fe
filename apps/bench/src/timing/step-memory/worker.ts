import '@ttt-e2e/kernels/engines'
import {
  disposeRun,
  standardOptimizer,
  standardSchedule,
  startRun,
  trainStep,
  type RunState,
} from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { MemoryLimit } from '@ttt-e2e/training'
import { randomBatch } from '../random-batch'
import { speedSizes } from '../sizes'
import { systemOf } from './system-of'
import type { Holds, StepTaken, StepWork } from './work'

// The entry of a process that takes training steps and tells after each how much memory they took.

const work = JSON.parse(process.argv[2]) as StepWork
await resolveEngine(work.engine, { threads: work.threads })
const system = systemOf(work)
const data = randomBatch(speedSizes[work.size].model.vocabularySize, 1, work.length)
const state = startRun(system, 0)
const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
const held = heldBy(work.holds, state)
const peakNow = () => process.resourceUsage().maxRSS * 1024
const before = peakNow()
for (let step = 0; step < work.steps; step++) {
  const [usage, startedAt] = [process.cpuUsage(), performance.now()]
  await trainStep(system, state, data, optimizer, held())
  const { user, system: kernel } = process.cpuUsage(usage)
  const seconds = (performance.now() - startedAt) / 1000
  process.send!({ before, peak: peakNow(), cpuSeconds: (user + kernel) / 1e6, seconds } satisfies StepTaken)
}
disposeRun(state)
process.disconnect()

function heldBy(holds: Holds, { params }: RunState): () => Parameters<typeof trainStep>[4] {
  if (holds === 'all') return () => ({ checkpointEvery: 1 })
  if (holds === 'least') return () => ({ memoryBudget: 1 })
  if (holds === 'standard') return () => ({})
  const limit = new MemoryLimit(holds, params)
  return () => ({ memoryBudget: limit.next() })
}
