import type { CompiledProgram, ProgramBackend, ProgramRest, Tensor } from '@ttt-e2e/tensor-ops'
import { planProgram } from '../../programs/plan-program'
import { isBlockType, type BlockData, type BlockType } from '../data'
import type { CompiledModule } from '../module'
import type { BlockOwner } from './block-owner'
import { BlockRecording } from './block-recording'
import { unit } from './encode'
import type { RecordedCall } from './recorded-call'
import { ownData, Rest, Step, tensorsOf } from './step'

/** Records the backend's kernel calls and replays them in the module. */
export class Programs implements ProgramBackend {
  current: BlockRecording | undefined
  private readonly sum: number

  constructor(
    private readonly backend: BlockOwner,
    private readonly module: CompiledModule,
  ) {
    this.sum = module.kernelNames.indexOf('Add')
  }

  get recording(): boolean {
    return this.current !== undefined
  }

  record<T>(
    inputs: readonly Tensor[],
    run: () => { result: T; outputs: readonly Tensor[] },
    { first, spent = 0 }: { first?: BlockRecording; spent?: number } = {},
  ): { result: T; recording: BlockRecording } {
    const given = inputs.map((x) => this.backend.dataOf(x))
    const recording = new BlockRecording(given, spent, first, {
      retain: (data) => void data.refCount++,
      release: (data) => void this.backend.disposeData(data),
    })
    this.current = recording
    try {
      const { result, outputs } = run()
      for (const { dtype } of outputs)
        if (!isBlockType(dtype)) recording.spoil(`it returns a ${dtype} tensor`)
      recording.resultTypes = outputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as BlockType }))
      recording.end(outputs.map((x) => this.backend.dataOf(x)))
      return { result, recording }
    } catch (error) {
      recording.dispose()
      first?.dispose()
      throw error
    } finally {
      this.current = undefined
    }
  }

  compile(recordings: readonly BlockRecording[]): CompiledProgram | string {
    const [first, second] = recordings
    const plan = planProgram<BlockData, RecordedCall>(recordings, {
      alignment: unit,
      isSum: (call) => this.isSum(call),
      accumulates: (call, output) => this.backend.accumulates(call, output),
      overwrites: (call, output) => call.overwrites?.[output],
    })
    if (typeof plan === 'string') {
      for (const recording of recordings) recording.dispose()
      return plan
    }
    for (const recording of recordings) recording.keepConstants(plan.constants)
    const constants = [...plan.constants]
    const { backend, module } = this
    const firstStep = new Step(backend, module, first, plan.first, constants)
    const secondStep = plan.second && new Step(backend, module, second, plan.second, constants)
    return {
      calls: secondStep ? [firstStep.calls, secondStep.calls] : [firstStep.calls],
      run(inputs) {
        const { own: given, copies } = ownData(backend, inputs, firstStep.spent)
        const { held, results, fresh } = firstStep.run(given, undefined)
        for (const copy of copies) backend.disposeData(copy)
        const outputs = tensorsOf(results)
        if (!secondStep) return { outputs, rest: nothingLeft }
        const kept = [...given, ...plan.heldResults.map((data) => fresh[plan.first.fresh.indexOf(data)])]
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

  /** Values of one shape only: others are broadcast. */
  private isSum({ kernel, inputShapes, outputShapes: [shape] }: RecordedCall): boolean {
    return kernel === this.sum && inputShapes.every((each) => each.join() === shape?.join())
  }
}

const nothingLeft: ProgramRest = {
  run() {
    throw new Error('this program has one step')
  },
  inputs: () => [],
  dispose() {},
}
