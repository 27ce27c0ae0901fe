import {
  tf,
  type CompiledProgram,
  type ProgramBackend,
  type ProgramRest,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import type { CompiledBackend } from '../backend'
import { isBlockType, type BlockData, type BlockType } from '../data'
import type { CompiledModule } from '../module'
import { HeldMemory, liveCalls, planStep, readBy, type Place, type StepPlan } from './plan'
import { CallRecording } from './recording'
import { sumInPlace } from './sum-in-place'

/** Records the backend's kernel calls and replays them in the module. */
export class Programs implements ProgramBackend {
  current: CallRecording | undefined

  constructor(
    private readonly backend: CompiledBackend,
    private readonly module: CompiledModule,
  ) {}

  get recording(): boolean {
    return this.current !== undefined
  }

  record<T>(
    inputs: readonly Tensor[],
    run: () => { result: T; outputs: readonly Tensor[] },
    { first, spent = 0 }: { first?: CallRecording; spent?: number } = {},
  ): { result: T; recording: CallRecording } {
    const release = (data: BlockData) => void this.backend.disposeData(data)
    const given = inputs.map((x) => this.backend.dataOf(x))
    const recording = new CallRecording(given, spent, first, release)
    this.current = recording
    try {
      const { result, outputs } = run()
      recording.outputs = outputs.map((x) => {
        if (!isBlockType(x.dtype)) recording.spoil(`it returns a ${x.dtype} tensor`)
        return { data: this.backend.dataOf(x), shape: x.shape, dtype: x.dtype as BlockType }
      })
      if (recording.outputs.some(({ data }) => !recording.knows(data)))
        recording.spoil('it returns a tensor that is not among its inputs')
      return { result, recording }
    } catch (error) {
      recording.dispose()
      first?.dispose()
      throw error
    } finally {
      this.current = undefined
    }
  }

  compile(recordings: readonly CallRecording[]): CompiledProgram | string {
    const [first, second] = recordings
    // Held memory is freed as one piece, so none of it can be a result.
    if (
      second?.outputs.some(
        ({ data }) => first.produced.has(data) && !first.outputs.some((o) => o.data === data),
      )
    )
      second.spoil('its gradient is an intermediate result')
    const spoiled = first.spoiled ?? second?.spoiled
    if (spoiled !== undefined) {
      for (const recording of recordings) recording.dispose()
      return spoiled
    }
    const secondCalls = second
      ? liveCalls(
          second.calls,
          second.outputs.map(({ data }) => data),
        )
      : []
    const wantedLater = new Set([...readBy(secondCalls), ...(second?.outputs.map(({ data }) => data) ?? [])])
    const carried = [...wantedLater].filter((data) => first.produced.has(data))
    const results = new Set(first.outputs.map(({ data }) => data))
    // A result that is needed later is held as a tensor; the rest of what is needed lies in one piece of memory.
    const held = new HeldMemory(carried.filter((data) => !results.has(data)))
    const heldResults = carried.filter((data) => results.has(data))

    const firstCalls = sumInPlace(
      liveCalls(first.calls, [...results, ...carried]),
      first.spent,
      (data) => results.has(data) || wantedLater.has(data),
    )
    const inputPlace = (data: BlockData): Place | undefined => place(first.inputs.get(data))
    const firstPlan = planStep(
      first,
      firstCalls,
      second ? 'left' : 'none',
      held,
      inputPlace,
      first.given.length,
    )
    // The second step is given its own inputs, then the first one's, then the results that were held.
    const own = second?.given.length ?? 0
    const secondPlace = (data: BlockData): Place | undefined => {
      const [mine, earlier, result] = [
        second.inputs.get(data),
        first.inputs.get(data),
        heldResults.indexOf(data),
      ]
      if (mine !== undefined) return place(mine)
      if (earlier !== undefined) return place(own + earlier)
      return result < 0 ? undefined : place(own + first.given.length + result)
    }
    const secondPlan =
      second &&
      planStep(
        second,
        sumInPlace(secondCalls, second.spent, (data) =>
          second.outputs.some((output) => output.data === data),
        ),
        'taken',
        held,
        secondPlace,
        own + first.given.length + heldResults.length,
      )

    const used = new Set([...firstPlan.constants, ...(secondPlan?.constants ?? [])])
    const constants = [...used]
    first.keepConstants(used)
    second?.keepConstants(used)
    const firstStep = new Step(this.backend, this.module, first, firstPlan, constants)
    const secondStep = secondPlan && new Step(this.backend, this.module, second, secondPlan, constants)
    const { backend, module } = this
    return {
      calls: secondStep ? [firstStep.calls, secondStep.calls] : [firstStep.calls],
      run(inputs) {
        const given = inputs.map((x) => backend.dataOf(x))
        const { held, results, fresh } = firstStep.run(given, undefined)
        const outputs = tensorsOf(results)
        if (!secondStep) return { outputs, rest: nothingLeft }
        const kept = [...given, ...heldResults.map((data) => fresh[firstPlan.fresh.indexOf(data)])]
        for (const data of kept) data.refCount++
        return { outputs, rest: new Rest(backend, module, secondStep, held, kept, inputs) }
      },
      dispose() {
        firstStep.dispose()
        secondStep?.dispose()
        for (const data of constants) backend.disposeData(data)
      },
    }
  }
}

const place = (index: number | undefined): Place | undefined =>
  index === undefined ? undefined : { base: 'input', index, offset: 0 }

const tensorsOf = (infos: readonly tf.TensorInfo[]): Tensor[] =>
  infos.map((info) => tf.engine().makeTensorFromTensorInfo(info))

const nothingLeft: ProgramRest = {
  run() {
    throw new Error('this program has one step')
  },
  inputs: () => [],
  dispose() {},
}

/** A step that the module keeps. */
class Step {
  readonly calls: number
  readonly spent: number
  private readonly number: number
  private readonly results: {
    from: 'fresh' | 'given' | 'constant'
    index: number
    shape: number[]
    dtype: BlockType
  }[]

  constructor(
    private readonly backend: CompiledBackend,
    private readonly module: CompiledModule,
    recording: CallRecording,
    private readonly plan: StepPlan,
    private readonly constants: readonly BlockData[],
  ) {
    this.calls = plan.calls
    this.spent = recording.spent.size
    const { description } = plan
    const block = module.allocate(description.byteLength)
    backend.memoryViews.views(block).int32.set(description)
    this.number = module.createProgram(block, description.length)
    module.release(block)
    const given = new Map<BlockData, number>()
    recording.given.forEach((data, i) => given.set(data, i))
    recording.first?.given.forEach((data, i) => given.set(data, recording.given.length + i))
    this.results = recording.outputs.map(({ shape, dtype }, i) => {
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
    const left = held === undefined && this.leaves ? words[at++] : -1
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

  private get leaves(): boolean {
    return this.plan.description[0] === 1
  }

  dispose(): void {
    this.module.destroyProgram(this.number)
  }
}

/** The second step, waiting for its inputs. */
class Rest implements ProgramRest {
  private done = false

  constructor(
    private readonly backend: CompiledBackend,
    private readonly module: CompiledModule,
    private readonly step: Step,
    private readonly held: number,
    private readonly kept: readonly BlockData[],
    private readonly like: readonly Tensor[],
  ) {}

  run(inputs: readonly Tensor[]): Tensor[] {
    if (this.done) throw new Error('a program goes on only once')
    const { spent } = this.step
    const copies: BlockData[] = []
    const own = inputs.map((x, i) => {
      const data = this.backend.dataOf(x)
      // What others hold as well can't be overwritten.
      if (i < inputs.length - spent || data.refCount === 1) return data
      copies.push(this.backend.copyOf(data))
      return copies.at(-1)!
    })
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
