import { disposeRun, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { interleave } from '../../timing/interleave'
import { randomBatch } from '../../timing/random-batch'
import type { SystemsContext } from '../probe'

export interface CostSizes {
  /** Tokens of a step, in sequences of the context or, where that is longer, in one. */
  tokens: number
  /** The longest context, in windows; the others are a quarter of the next longer each, down to the window. */
  windows: number
  /** Timed steps at each context. */
  repeats: number
}

/** Wall seconds of training steps. */
export interface CostMeasured {
  contexts: number[]
  /** Seconds for 1000 tokens of each timed step [repeats][contexts]. */
  secondsPer1000: number[][]
}

/** The second run of a program is recorded, the third is the first to be replayed, in fresh memory. */
const untimed = 3

/**
 * What a training step costs, loss, gradient and AdamW, against the length of its sequences, of random tokens. The systems
 * take turns.
 */
export async function measureCost({
  systems,
  benchmark,
  sizes,
  signal,
  onTurn,
}: SystemsContext<CostSizes>): Promise<CostMeasured[]> {
  const { size, training } = benchmark.recipe
  const contexts = contextsUpTo(sizes.windows * size.window, size.window)
  const measured = systems.map((): CostMeasured => ({ contexts, secondsPer1000: [] }))
  for (const [column, context] of contexts.entries()) {
    const batch = randomBatch(size.vocabularySize, Math.max(1, Math.round(sizes.tokens / context)), context)
    const tokens = batch.batch * context
    const states = systems.map((system) => startRun(system, 0))
    try {
      const contenders = systems.map((system, i) => ({
        name: `${system.name} · ${context} tokens`,
        run: () => trainStep(system, states[i], batch, training.optimizer),
      }))
      const options = { signal, onTurn: (name: string) => onTurn(name.split(' ')[0]) }
      await interleave(contenders, { ...options, rounds: untimed })
      const samples = await interleave(contenders, { ...options, rounds: sizes.repeats })
      samples.forEach(({ seconds }, i) =>
        seconds.forEach((each, repeat) => {
          measured[i].secondsPer1000[repeat] ??= []
          measured[i].secondsPer1000[repeat][column] = (1000 * each) / tokens
        }),
      )
    } finally {
      for (const state of states) disposeRun(state)
    }
  }
  return measured
}

function contextsUpTo(longest: number, shortest: number): number[] {
  const contexts: number[] = []
  for (let context = longest; context >= shortest; context /= 4) contexts.unshift(context)
  return contexts
}
