import { createSystem } from '@ttt-e2e/baselines'
import { bigramOracle, bigramStream, stackReach } from '@ttt-e2e/data'
import {
  disposeRun,
  standardOptimizer,
  standardSchedule,
  startRun,
  trainStep,
  type Optimizer,
  type RunState,
} from '@ttt-e2e/meta-outer'
import { treeLeaves, type Batch } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import type { Settings } from './settings'

/** A step's losses on one batch, nats per token: of both systems and of the best that can be known. */
export interface StepLosses {
  /** Number of this step, from 1. */
  step: number
  /** TTT-E2E. */
  learning: number
  /** Its twin that sees no further than its windows (`swa`). */
  window: number
  /** The least that any stack of such windows can reach on these documents. */
  windowLimit: number
  /** The least for whoever remembers all of a document. */
  memoryLimit: number
}

const followers = 2
const peakLearningRate = 1e-2
const [parameterSeed, dataSeed] = [1, 2]

interface Contender {
  system: System
  state: RunState
}

/** TTT-E2E beside its window twin, trained on the same documents, each of which is in a language of its own. */
export class MetaTraining {
  /** How far back a stack of windows sees, in tokens. */
  readonly reach: number
  private readonly learning: Contender
  private readonly window: Contender
  private readonly optimizer: Optimizer
  private working: Promise<unknown> = Promise.resolve()
  private readonly batches: AsyncGenerator<Batch, void, void>

  /** @throws SizeError for sizes that don't fit each other */
  constructor(private readonly settings: Settings) {
    const { symbols, width, layers, window, chunk, batch, length, steps } = settings
    const size = {
      vocabularySize: symbols,
      hiddenSize: width,
      heads: 2,
      layers,
      intermediateSize: 2.5 * width,
      suffixBlocks: 1,
      window,
      chunk,
      innerRate: 1,
      ropeTheta: 500_000,
    }
    const begin = (name: string): Contender => {
      const system = createSystem(name, size)
      return { system, state: startRun(system, parameterSeed) }
    }
    this.learning = begin('ttt-e2e')
    this.window = begin('swa')
    this.reach = stackReach(layers, window)
    this.optimizer = standardOptimizer(standardSchedule(steps, peakLearningRate))
    this.batches = bigramStream({ ...this.language, batch, length, seed: dataSeed })
  }

  /** Parameters of TTT-E2E and of its twin. */
  parameters(): [learning: number, window: number] {
    const count = ({ state }: Contender) => treeLeaves(state.params).reduce((sum, { size }) => sum + size, 0)
    return [count(this.learning), count(this.window)]
  }

  /** Both train on the next batch. @returns nothing once all steps are done */
  step(): Promise<StepLosses | undefined> {
    const step = this.takeStep()
    this.working = step.catch(() => undefined)
    return step
  }

  /** Frees the parameters, once a step that is being taken is done. */
  async dispose(): Promise<void> {
    await this.working
    disposeRun(this.learning.state)
    disposeRun(this.window.state)
  }

  private async takeStep(): Promise<StepLosses | undefined> {
    if (this.learning.state.step >= this.settings.steps) return undefined
    const next = await this.batches.next()
    if (next.done) return undefined
    const train = async ({ system, state }: Contender) =>
      (await trainStep(system, state, next.value, this.optimizer)).loss
    return {
      learning: await train(this.learning),
      window: await train(this.window),
      windowLimit: this.limit(next.value, this.reach),
      memoryLimit: this.limit(next.value),
      step: this.learning.state.step,
    }
  }

  private get language() {
    return { vocabularySize: this.settings.symbols, successors: followers }
  }

  /** The best possible loss on a batch, by counting. */
  private limit({ tokens, batch, length }: Batch, reach?: number): number {
    let sum = 0
    for (let row = 0; row < batch; row++) {
      const document = tokens.subarray(row * (length + 1), (row + 1) * (length + 1))
      const nats = bigramOracle(document, { ...this.language, ...(reach !== undefined && { reach }) })
      sum += nats.reduce((all, each) => all + each, 0) / length
    }
    return sum / batch
  }
}
