import { tf, type ProgramRest, type Tensor } from '@ttt-e2e/tensor-ops'
import type { StepPlan } from '../../programs/plan-step'
import type { BlockData, BlockType } from '../data'
import type { CompiledModule } from '../module'
import type { BlockOwner } from './block-owner'
import type { BlockRecording } from './block-recording'
import { encodeStep } from './encode'
import type { RecordedCall } from './recorded-call'

export const tensorsOf = (infos: readonly tf.TensorInfo[]): Tensor[] =>
  infos.map((info) => tf.engine().makeTensorFromTensorInfo(info))

/**
 * The data of a step's inputs, of which the last `spent` may be overwritten: what others hold as well can't, and is copied.
 * The copies are to be let go of after the run.
 */
export function ownData(backend: BlockOwner, inputs: readonly Tensor[], spent: number) {
  const copies: BlockData[] = []
  const own = inputs.map((x, i) => {
    const data = backend.dataOf(x)
    if (i < inputs.length - spent || data.refCount === 1) return data
    copies.push(backend.copyOf(data))
    return copies.at(-1)!
  })
  return { own, copies }
}

/** A step that the module keeps. */
export class Step {
  readonly calls: number
  readonly spent: number
  private readonly number: number
  private readonly results: readonly {
    from: 'fresh' | 'given' | 'constant'
    index: number
    shape: number[]
    dtype: BlockType
  }[]

  constructor(
    private readonly backend: BlockOwner,
    private readonly module: CompiledModule,
    recording: BlockRecording,
    private readonly plan: StepPlan<BlockData, RecordedCall>,
    private readonly constants: readonly BlockData[],
  ) {
    this.calls = plan.calls.length
    this.spent = recording.spent.size
    const description = encodeStep(plan)
    const block = module.allocate(description.byteLength)
    backend.memoryViews.views(block).int32.set(description)
    this.number = module.createProgram(block, description.length)
    module.release(block)
    const given = new Map<BlockData, number>()
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

  /** @param held the block that the step before has left */
  run(
    given: readonly BlockData[],
    held: number | undefined,
  ): { held: number; results: tf.TensorInfo[]; fresh: BlockData[] } {
    const { backend, module } = this
    // Uploading may replace the shared arrays, so it comes first.
    for (const data of given) backend.putInBlock(data)
    let { words } = module
    let at = 0
    words[at++] = this.number
    if (held !== undefined) words[at++] = held
    for (const data of given) words[at++] = data.block
    module.runProgram()
    words = module.words
    at = 0
    const left = this.plan.holding === 'left' ? words[at++] : -1
    const fresh = this.plan.fresh.map(({ dtype, size }) =>
      backend.dataIn(words[at++], dtype as BlockType, size),
    )
    const taken = new Set<BlockData>()
    const results = this.results.map(({ from, index, shape, dtype }) => {
      const data = from === 'fresh' ? fresh[index] : from === 'given' ? given[index] : this.constants[index]
      // A block comes with one reference, which its first result has.
      if (from !== 'fresh' || taken.has(data)) data.refCount++
      taken.add(data)
      return { dataId: data, shape, dtype }
    })
    return { held: left, results, fresh }
  }

  dispose(): void {
    this.module.destroyProgram(this.number)
  }
}

/** The second step, waiting for its inputs. */
export class Rest implements ProgramRest {
  private done = false

  constructor(
    private readonly backend: BlockOwner,
    private readonly module: CompiledModule,
    private readonly step: Step,
    private readonly held: number,
    private readonly kept: readonly BlockData[],
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
    this.module.release(this.held)
    for (const data of this.kept) this.backend.disposeData(data)
  }
}
