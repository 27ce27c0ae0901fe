// One rank of `bench ranks`: takes training steps and, where it is the first, prints their median time as JSON.
import { asRank } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { DataParallel, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { gatherUneven, resolveEngine, shareOf } from '@ttt-e2e/tensor-ops'
import { randomBatch } from '../random-batch'
import { speedSizes, type SpeedSizeName } from '../sizes'
import { createSpeedSystem } from '../speed-system'

export interface TimedSteps {
  /** Median of a step. */
  seconds: number
  /** Bytes of the fullest rank at its fullest. */
  peak: number
}

interface Timing {
  system: string
  size: SpeedSizeName
  batch: number
  reps: number
  engine: string
  threads: number
}

await asRank(async ({ communicator, isFirst }) => {
  const { system: name, size, batch, reps, engine, threads } = JSON.parse(process.argv[2]) as Timing
  await resolveEngine(engine, { threads })
  const system = createSpeedSystem(name, size)
  const state = startRun(system, 0)
  const { from, to } = shareOf(batch, communicator)
  const rows = randomBatch(speedSizes[size].model.vocabularySize, to - from, speedSizes[size].length)
  const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
  // A process by itself steps as it does without ranks.
  const parallel = communicator.size > 1 ? new DataParallel(system, state, communicator) : undefined
  const seconds: number[] = []
  for (let i = 0; i <= reps; i++) {
    const startedAt = performance.now()
    await (parallel ? parallel.step(rows, optimizer) : trainStep(system, state, rows, optimizer))
    // The first one warms up.
    if (i > 0) seconds.push((performance.now() - startedAt) / 1000)
  }
  const peaks = await gatherUneven(communicator, [process.resourceUsage().maxRSS * 1024])
  const median = seconds.toSorted((a, b) => a - b)[Math.floor(reps / 2)]
  const timed: TimedSteps = { seconds: median, peak: Math.max(...peaks.map(([peak]) => peak)) }
  if (isFirst) console.log(JSON.stringify(timed))
})
