import type { CompiledProgram, ProgramBackend, ProgramRest, Tensor } from '@ttt-e2e/tensor-ops'
import { planProgram } from '../../programs/plan-program'
import type { DataOwner } from './data-owner'
import { isGpuType, type GpuData, type GpuType } from '../data'
import { Arena } from './arena'
import { GpuRecording } from './gpu-recording'
import type { RecordedCall } from './recorded-call'
import { ownData, Rest, Step, tensorsOf } from './step'

/** Records the backend's kernel calls and replays them as one list of commands. */
export class Programs implements ProgramBackend {
  current: GpuRecording | undefined
  private arena: Arena | undefined

  constructor(private readonly backend: DataOwner) {}

  get recording(): boolean {
    return this.current !== undefined
  }

  record<T>(
    inputs: readonly Tensor[],
    run: () => { result: T; outputs: readonly Tensor[] },
    { first, spent = 0 }: { first?: GpuRecording; spent?: number } = {},
  ): { result: T; recording: GpuRecording } {
    const given = inputs.map((x) => this.backend.dataOf(x))
    const recording = new GpuRecording(given, spent, first, {
      retain: (data) => void data.refCount++,
      release: (data) => void this.backend.disposeData(data),
    })
    this.current = recording
    try {
      const { result, outputs } = run()
      for (const { dtype } of outputs) if (!isGpuType(dtype)) recording.spoil(`it returns a ${dtype} tensor`)
      recording.resultTypes = outputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as GpuType }))
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

  compile(recordings: readonly GpuRecording[]): CompiledProgram | string {
    const [first, second] = recordings
    const plan = planProgram<GpuData, RecordedCall>(recordings, {
      alignment: 4,
      inPieces: true,
      isSum: (call) => call.isSum,
      accumulates: () => false,
      overwrites: () => undefined,
    })
    if (typeof plan === 'string') {
      for (const recording of recordings) recording.dispose()
      return plan
    }
    for (const recording of recordings) recording.keepConstants(plan.constants)
    const constants = [...plan.constants]
    const { backend } = this
    const arena = (this.arena ??= new Arena(backend.pool))
    const firstStep = new Step(backend, arena, first, plan.first, constants)
    const secondStep = plan.second && new Step(backend, arena, second, plan.second, constants)
    return {
      calls: secondStep ? [firstStep.calls, secondStep.calls] : [firstStep.calls],
      run(inputs) {
        const { own: given, copies } = ownData(backend, inputs, firstStep.spent)
        const { held, results, fresh } = firstStep.run(given, [])
        for (const copy of copies) backend.disposeData(copy)
        const outputs = tensorsOf(results)
        if (!secondStep) return { outputs, rest: nothingLeft }
        const kept = [...given, ...plan.heldResults.map((data) => fresh[plan.first.fresh.indexOf(data)])]
        for (const data of kept) data.refCount++
        return { outputs, rest: new Rest(backend, secondStep, held, kept, inputs) }
      },
      dispose() {
        firstStep.dispose()
        secondStep?.dispose()
        for (const data of constants) backend.disposeData(data)
      },
    }
  }
}

const nothingLeft: ProgramRest = {
  run() {
    throw new Error('this program has one step')
  },
  inputs: () => [],
  dispose() {},
}
