import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import type { StepPlan } from './plan-step'
import type { CallRecording } from './recording'
import type { Buffer, Call } from './buffers'

/** A tensor's data, and at the same time its id, that several tensors may share. */
export interface SharedData extends Buffer {
  refCount: number
}

/** A planned step in an engine's own form. @typeParam H what a first step leaves for the second */
export interface StepRunner<D extends SharedData, H> {
  /**
   * @param left what the step before has left, where it has left anything
   * @returns what this step leaves, and the data of its fresh results, each with one reference
   */
  run(given: readonly D[], left: H | undefined): { held: H | undefined; fresh: readonly D[] }
  dispose(): void
}

/** Runs a planned step and makes tensors of what comes out. */
export class PreparedStep<D extends SharedData, C extends Call<D>, H> {
  readonly calls: number
  readonly spent: number
  private readonly results: readonly {
    from: 'fresh' | 'given' | 'constant'
    index: number
    shape: number[]
    dtype: tf.DataType
  }[]

  constructor(
    private readonly runner: StepRunner<D, H>,
    recording: CallRecording<D, C>,
    plan: StepPlan<D, C>,
    private readonly constants: readonly D[],
  ) {
    this.calls = plan.calls.length
    this.spent = recording.spent.size
    const given = new Map<D, number>()
    recording.given.forEach((data, i) => given.set(data, i))
    recording.first?.given.forEach((data, i) => given.set(data, recording.given.length + i))
    this.results = recording.resultTypes.map(({ shape, dtype }, i) => {
      const data = plan.results[i]
      const fresh = plan.fresh.indexOf(data)
      if (fresh >= 0) return { from: 'fresh', index: fresh, shape, dtype }
      const input = given.get(data)
      if (input !== undefined) return { from: 'given', index: input, shape, dtype }
      return { from: 'constant', index: constants.indexOf(data), shape, dtype }
    })
  }

  run(
    given: readonly D[],
    left: H | undefined,
  ): { held: H | undefined; outputs: Tensor[]; fresh: readonly D[] } {
    const { held, fresh } = this.runner.run(given, left)
    const taken = new Set<D>()
    const outputs = this.results.map(({ from, index, shape, dtype }) => {
      const data = from === 'fresh' ? fresh[index] : from === 'given' ? given[index] : this.constants[index]
      // Fresh data come with one reference, which their first result has.
      if (from !== 'fresh' || taken.has(data)) data.refCount++
      taken.add(data)
      return tf.engine().makeTensorFromTensorInfo({ dataId: data, shape, dtype })
    })
    return { held, outputs, fresh }
  }

  dispose(): void {
    this.runner.dispose()
  }
}
