import {
  tf,
  type CompiledProgram,
  type ProgramBackend,
  type ProgramRest,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import type { Abilities, Call } from './buffers'
import { planProgram } from './plan-program'
import type { Layout, StepPlan } from './plan-step'
import { PreparedStep, type SharedData, type StepRunner } from './prepared-step'
import { CallRecording } from './recording'

/** What programs ask of the engine whose calls they replay. @typeParam H what a first step leaves for the second */
export interface ReplayingEngine<D extends SharedData, C extends Call<D>, H> extends Abilities<C>, Layout {
  dataOf(tensor: { dataId: object }): D
  /** Data of their own with the same values. */
  copyOf(data: D): D
  disposeData(data: D): boolean
  /** Whether kernels can give tensors of a type. */
  gives(dtype: tf.DataType): boolean
  /** A replay may write over these data from now on. */
  giveUp?(data: D): void
  /** Brings a planned step into the engine's own form. */
  prepare(plan: StepPlan<D, C>): StepRunner<D, H>
  /** Frees what a first step has left. */
  release(held: H): void
}

/** Records an engine's kernel calls and replays them. */
export class Programs<D extends SharedData, C extends Call<D>, H> implements ProgramBackend {
  current: CallRecording<D, C> | undefined

  constructor(private readonly engine: ReplayingEngine<D, C, H>) {}

  get recording(): boolean {
    return this.current !== undefined
  }

  record<T>(
    inputs: readonly Tensor[],
    run: () => { result: T; outputs: readonly Tensor[] },
    { first, spent = 0 }: { first?: CallRecording<D, C>; spent?: number } = {},
  ): { result: T; recording: CallRecording<D, C> } {
    const { engine } = this
    const given = inputs.map((x) => engine.dataOf(x))
    const recording = new CallRecording<D, C>(given, spent, first, {
      retain: (data) => void data.refCount++,
      release: (data) => void engine.disposeData(data),
    })
    this.current = recording
    try {
      const { result, outputs } = run()
      for (const { dtype } of outputs)
        if (!engine.gives(dtype)) recording.spoil(`it returns a ${dtype} tensor`)
      recording.resultTypes = outputs.map(({ shape, dtype }) => ({ shape, dtype }))
      recording.end(outputs.map((x) => engine.dataOf(x)))
      return { result, recording }
    } catch (error) {
      recording.dispose()
      first?.dispose()
      throw error
    } finally {
      this.current = undefined
    }
  }

  /** Runs what a recording is to know nothing of. */
  unseen(run: () => void): void {
    const { current } = this
    this.current = undefined
    try {
      run()
    } finally {
      this.current = current
    }
  }

  compile(recordings: readonly CallRecording<D, C>[]): CompiledProgram | string {
    const { engine } = this
    const [first, second] = recordings
    const plan = planProgram<D, C>(recordings, engine)
    if (typeof plan === 'string') {
      for (const recording of recordings) recording.dispose()
      return plan
    }
    for (const recording of recordings) recording.keepConstants(plan.constants)
    const constants = [...plan.constants]
    const prepared = (recording: CallRecording<D, C>, step: StepPlan<D, C>) =>
      new PreparedStep(engine.prepare(step), recording, step, constants)
    const firstStep = prepared(first, plan.first)
    const secondStep = plan.second && prepared(second, plan.second)
    return {
      calls: secondStep ? [firstStep.calls, secondStep.calls] : [firstStep.calls],
      run(inputs) {
        const { own: given, copies } = ownData(engine, inputs, firstStep.spent)
        const { held, outputs, fresh } = firstStep.run(given, undefined)
        for (const copy of copies) engine.disposeData(copy)
        if (!secondStep) return { outputs, rest: nothingLeft }
        const kept = [...given, ...plan.heldResults.map((data) => fresh[plan.first.fresh.indexOf(data)])]
        for (const data of kept) data.refCount++
        return { outputs, rest: new Rest(engine, secondStep, held, kept, inputs) }
      },
      dispose() {
        firstStep.dispose()
        secondStep?.dispose()
        for (const data of constants) engine.disposeData(data)
      },
    }
  }
}

/**
 * The data of a step's inputs, of which the last `spent` may be overwritten: what others hold as well can't, and is copied.
 * The copies are to be let go of after the run.
 */
function ownData<D extends SharedData, C extends Call<D>, H>(
  engine: ReplayingEngine<D, C, H>,
  inputs: readonly Tensor[],
  spent: number,
) {
  const copies: D[] = []
  const own = inputs.map((x, i) => {
    const data = engine.dataOf(x)
    if (i < inputs.length - spent) return data
    if (data.refCount === 1) {
      engine.giveUp?.(data)
      return data
    }
    copies.push(engine.copyOf(data))
    return copies.at(-1)!
  })
  return { own, copies }
}

/** The second step, waiting for its inputs. */
class Rest<D extends SharedData, C extends Call<D>, H> implements ProgramRest {
  private done = false

  constructor(
    private readonly engine: ReplayingEngine<D, C, H>,
    private readonly step: PreparedStep<D, C, H>,
    private readonly held: H | undefined,
    private readonly kept: readonly D[],
    private readonly like: readonly Tensor[],
  ) {}

  run(inputs: readonly Tensor[]): Tensor[] {
    if (this.done) throw new Error('a program goes on only once')
    const { own, copies } = ownData(this.engine, inputs, this.step.spent)
    const { outputs } = this.step.run([...own, ...this.kept], this.held)
    for (const copy of copies) this.engine.disposeData(copy)
    return outputs
  }

  inputs(): Tensor[] {
    return this.like.map(({ shape, dtype }, i) => {
      this.kept[i].refCount++
      return tf.engine().makeTensorFromTensorInfo({ dataId: this.kept[i], shape, dtype })
    })
  }

  dispose(): void {
    if (this.done) return
    this.done = true
    if (this.held !== undefined) this.engine.release(this.held)
    for (const data of this.kept) this.engine.disposeData(data)
  }
}

const nothingLeft: ProgramRest = {
  run() {
    throw new Error('this program has one step')
  },
  inputs: () => [],
  dispose() {},
}
