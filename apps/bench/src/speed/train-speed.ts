import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { treeSize } from '@ttt-e2e/tensor-ops'
import { speedSizes, type SpeedSizeName } from '../presets'
import { formatTable } from '../report/text'
import { countFlops } from './flops'
import { interleave, medianSeconds } from './interleave'
import { speedOf, type Speed } from './measurement'
import type { SpeedOptions } from './options'
import { peakProduct } from './product-peak'
import { randomBatch } from './random-batch'
import { recordSpeed, type Measuring } from './record'
import { createSpeedSystem } from './speed-system'
import { speedTable } from './speed-table'
import { stepRatio } from './step-ratio'
import { warmUp } from './warm-up'

/**
 * Times training steps (loss, gradient, clip, AdamW) on random tokens and prints them beside what the FLOP count and
 * the engine's matrix products allow.
 *
 * @returns the exit code
 * @throws UserError or EngineError for a request that can't be met
 */
export function trainSpeed(options: SpeedOptions): Promise<number> {
  return recordSpeed<Speed>('train-speed', options, async (measuring) => {
    for (const size of options.sizes) {
      const speeds = await measureSteps(size, options, measuring)
      const { batch, length } = speeds[0]
      const { progress, rows } = measuring
      rows.push(...speeds)
      progress.clear()
      progress.print(
        `\n${formatTable(speedTable(`${size} · training · ${batch} × ${length} tokens`, speeds))}`,
      )
      for (const sentence of stepRatio(speeds)) progress.print(`* ${sentence}`)
    }
  })
}

async function measureSteps(
  size: SpeedSizeName,
  { systems, batch, reps, length = speedSizes[size].length }: SpeedOptions,
  { progress, signal }: Measuring<Speed>,
): Promise<Speed[]> {
  const onTurn = (name: string) => progress.update(`${size} · ${name} · training`)
  const data = randomBatch(speedSizes[size].model.vocabularySize, batch, length)
  const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
  const product = peakProduct()
  const runs = systems.map((name) => {
    const system = createSpeedSystem(name, size)
    const state = startRun(system, 0)
    return { name, system, state, run: () => trainStep(system, state, data, optimizer) }
  })
  try {
    const kernelCalls: number[] = []
    for (const contender of runs) {
      onTurn(contender.name)
      kernelCalls.push(await warmUp(contender))
      signal.throwIfAborted()
    }
    const [peak, ...samples] = await interleave([product, ...runs], { rounds: reps, signal, onTurn })
    return runs.map(({ name, system, state }, i) =>
      speedOf(
        {
          size,
          system: name,
          work: 'training step',
          batch,
          length,
          parameters: treeSize(state.params),
          tokens: batch * length,
          flopsPerToken: countFlops(system, length).training,
          kernelCalls: kernelCalls[i],
        },
        samples[i],
        product.flops / medianSeconds(peak),
      ),
    )
  } finally {
    for (const { state } of runs) disposeRun(state)
    product.dispose()
  }
}
