import { tf, type ProgramRest, type Tensor } from '@ttt-e2e/tensor-ops'
import type { StepPlan } from '../../programs/plan-step'
import type { DataOwner } from './data-owner'
import type { PooledBuffer } from '../buffers'
import type { GpuData, GpuType } from '../data'
import type { Arena } from './arena'
import { PlannedDispatches } from './dispatches'
import type { GpuRecording } from './gpu-recording'
import type { RecordedCall } from './recorded-call'

export const tensorsOf = (infos: readonly tf.TensorInfo[]): Tensor[] =>
  infos.map((info) => tf.engine().makeTensorFromTensorInfo(info))

/**
 * The data of a step's inputs, of which the last `spent` may be overwritten: what others hold as well can't, and is copied.
 * The copies are to be let go of after the run.
 */
export function ownData(backend: DataOwner, inputs: readonly Tensor[], spent: number) {
  const copies: GpuData[] = []
  const own = inputs.map((x, i) => {
    const data = backend.dataOf(x)
    if (i < inputs.length - spent) return data
    if (data.refCount === 1) {
      backend.bufferOf(data)
      // What is written over it JavaScript knows nothing of.
      data.own = undefined
      return data
    }
    copies.push(backend.copyOf(data))
    return copies.at(-1)!
  })
  return { own, copies }
}

/** A step that is ready to run: one submit. */
export class Step {
  readonly calls: number
  readonly spent: number
  private readonly dispatches: PlannedDispatches
  private readonly workspace: readonly PooledBuffer[]
  private readonly results: readonly {
    from: 'fresh' | 'given' | 'constant'
    index: number
    shape: number[]
    dtype: GpuType
  }[]

  constructor(
    private readonly backend: DataOwner,
    arena: Arena,
    recording: GpuRecording,
    private readonly plan: StepPlan<GpuData, RecordedCall>,
    private readonly constants: readonly GpuData[],
  ) {
    this.calls = plan.calls.length
    this.spent = recording.spent.size
    this.dispatches = new PlannedDispatches(backend.commands, plan)
    this.workspace = arena.buffersFor(plan.workspacePieces)
    const given = new Map<GpuData, number>()
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

  /** @param left the buffers that the step before has left */
  run(
    given: readonly GpuData[],
    left: readonly PooledBuffer[],
  ): { held: PooledBuffer[]; results: tf.TensorInfo[]; fresh: GpuData[] } {
    const { backend, plan } = this
    const input = given.map((data) => backend.bufferOf(data))
    const held = plan.holding === 'left' ? plan.heldPieces.map((bytes) => backend.pool.take(bytes)) : []
    const fresh = plan.fresh.map(({ dtype, size }) => backend.empty(dtype as GpuType, size))
    this.dispatches.run({
      workspace: this.workspace,
      held: plan.holding === 'left' ? held : left,
      input,
      constant: plan.constants.map((data) => backend.bufferOf(data)),
      output: fresh.map(({ buffer }) => buffer!),
    })
    backend.commands.flush()
    const taken = new Set<GpuData>()
    const results = this.results.map(({ from, index, shape, dtype }) => {
      const data = from === 'fresh' ? fresh[index] : from === 'given' ? given[index] : this.constants[index]
      // New data come with one reference, which their first result has.
      if (from !== 'fresh' || taken.has(data)) data.refCount++
      taken.add(data)
      return { dataId: data, shape, dtype }
    })
    return { held, results, fresh }
  }

  dispose(): void {
    this.dispatches.dispose()
  }
}

/** The second step, waiting for its inputs. */
export class Rest implements ProgramRest {
  private done = false

  constructor(
    private readonly backend: DataOwner,
    private readonly step: Step,
    private readonly held: readonly PooledBuffer[],
    private readonly kept: readonly GpuData[],
    private readonly like: readonly Tensor[],
  ) {}

  run(inputs: readonly Tensor[]): Tensor[] {
    if (this.done) throw new Error('a program goes on only once')
    const { own, copies } = ownData(this.backend, inputs, this.step.spent)
    const { results } = this.step.run([...own, ...this.kept], this.held)
    for (const copy of copies) this.backend.disposeData(copy)
    return tensorsOf(results)
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
    for (const buffer of this.held) this.backend.pool.give(buffer)
    for (const data of this.kept) this.backend.disposeData(data)
  }
}
