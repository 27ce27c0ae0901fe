import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { peakRateOf } from '../../tasks/benchmark'
import type { ModelsContext } from '../probe'
import { trainAndRead, type HowTrained } from '../train-and-read'

export interface TwoStageSizes {
  /** Sequences of the task's training length in a step; of shorter ones as many more. */
  batch: number
  /** Of the short stage and of its extension; training that is long from the start takes the sum. */
  steps: number
  extension: number
  /** How many times shorter sequences are in the first stage. */
  shorter: number
  documents: number
}

export const schemes = ['short alone', 'short, then extended', 'long from the start'] as const

export interface TwoStages {
  scheme: (typeof schemes)[number]
  how: HowTrained
  /** Mean nats over the last quarter of each held-out document. */
  last: number[]
}

/** The extension's share of the first stage's peak rate, as published. */
const extending = 4e-4 / 3e-3

/** Trains short and extends, and trains long from the start on as many tokens. */
export async function measureTwoStage(context: ModelsContext<TwoStageSizes>): Promise<TwoStages[]> {
  const { benchmark, sizes, system, onProgress } = context
  const { batch, steps, extension, shorter, documents } = sizes
  const { recipe: given } = benchmark
  // How lengths follow each other is what is measured here: within a stage all are the same.
  const { curriculum: _curriculum, ...training } = given.training
  const { length } = training
  const rate = peakRateOf(benchmark, system)
  const recipe = (times: number, count: number, rate: number): Recipe => ({
    ...given,
    system,
    training: {
      ...training,
      length: Math.floor(length / times),
      batch: batch * times,
      optimizer: standardOptimizer(standardSchedule(count, rate)),
    },
    evaluation: { documents, length: 4 * length, every: count },
  })
  const measured: TwoStages[] = []
  const note = (scheme: TwoStages['scheme'], { how, losses }: Awaited<ReturnType<typeof trainAndRead>>) => {
    measured.push({ scheme, how, last: losses[system].map(lastQuarter) })
    onProgress('stages', measured.length, schemes.length)
  }
  const short = await trainAndRead(context, {
    name: 'short',
    system,
    recipe: recipe(shorter, steps, rate),
  })
  note('short alone', short)
  // The published extension has no warm-up of the inner rate.
  const extended = recipe(1, extension, extending * rate)
  const schedule = { ...extended.training.optimizer.schedule, innerWarmupSteps: 0 }
  const optimizer = { ...extended.training.optimizer, schedule }
  note(
    'short, then extended',
    await trainAndRead(context, {
      name: 'extended',
      system,
      recipe: { ...extended, training: { ...extended.training, optimizer } },
      from: short.folder,
    }),
  )
  note(
    'long from the start',
    await trainAndRead(context, {
      name: 'long',
      system,
      recipe: recipe(1, steps + extension, rate),
    }),
  )
  return measured
}

function lastQuarter(nats: Float32Array): number {
  const last = nats.subarray(Math.floor(0.75 * nats.length))
  return last.reduce((sum, each) => sum + each, 0) / last.length
}
