import '@ttt-e2e/kernels/engines'
import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { randomBatch } from '../random-batch'
import { speedSizes } from '../sizes'
import { systemOf } from './system-of'
import type { StepTaken, StepWork } from './work'

// The entry of a process that takes two training steps and tells how much memory they took.

const work = JSON.parse(process.argv[2]) as StepWork
await resolveEngine(work.engine, { threads: work.threads })
const system = systemOf(work)
const data = randomBatch(speedSizes[work.size].model.vocabularySize, 1, work.length)
const state = startRun(system, 0)
const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
const held = work.holds === 'all' ? { checkpointEvery: 1 } : { memoryBudget: 1 }
const peakNow = () => process.resourceUsage().maxRSS * 1024
const before = peakNow()
await trainStep(system, state, data, optimizer, held)
const usage = process.cpuUsage()
await trainStep(system, state, data, optimizer, held)
const { user, system: kernel } = process.cpuUsage(usage)
disposeRun(state)
const taken: StepTaken = { before, peak: peakNow(), cpuSeconds: (user + kernel) / 1e6 }
process.send!(taken)
