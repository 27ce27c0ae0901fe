import type { PooledBuffer } from '../buffers'
import { isGpuType, type GpuData, type GpuType } from '../data'
import type { ReplayingEngine } from '../../programs/programs'
import type { StepPlan } from '../../programs/plan-step'
import type { StepRunner } from '../../programs/prepared-step'
import { Arena } from './arena'
import type { DataOwner } from './data-owner'
import { PlannedDispatches } from './dispatches'
import type { RecordedCall } from './recorded-call'

/** How programs are replayed: each step as one list of commands. What a first step leaves are buffers. */
export function replayingCommands(
  backend: DataOwner,
): ReplayingEngine<GpuData, RecordedCall, PooledBuffer[]> {
  const arena = new Arena(backend.pool)
  return {
    alignment: 4,
    inPieces: true,
    dataOf: (tensor) => backend.dataOf(tensor),
    copyOf: (data) => backend.copyOf(data),
    disposeData: (data) => backend.disposeData(data),
    gives: isGpuType,
    giveUp(data) {
      backend.bufferOf(data)
      // What is written over it JavaScript knows nothing of.
      data.own = undefined
    },
    isSum: (call) => call.isSum,
    accumulates: () => false,
    overwrites: () => undefined,
    prepare: (plan) => new SubmittedStep(backend, arena, plan),
    release: (held) => held.forEach((buffer) => backend.pool.give(buffer)),
  }
}

/** A step that is ready to run. Small ones are submitted together. */
class SubmittedStep implements StepRunner<GpuData, PooledBuffer[]> {
  private readonly dispatches: PlannedDispatches
  private readonly workspace: readonly PooledBuffer[]

  constructor(
    private readonly backend: DataOwner,
    arena: Arena,
    private readonly plan: StepPlan<GpuData, RecordedCall>,
  ) {
    this.dispatches = new PlannedDispatches(backend.commands, plan)
    this.workspace = arena.buffersFor(plan.workspacePieces)
  }

  run(given: readonly GpuData[], left: PooledBuffer[] | undefined) {
    const { backend, plan } = this
    const input = given.map((data) => backend.bufferOf(data))
    const held =
      plan.holding === 'left' ? plan.heldPieces.map((bytes) => backend.pool.take(bytes)) : undefined
    const fresh = plan.fresh.map(({ dtype, size }) => backend.empty(dtype as GpuType, size))
    this.dispatches.run({
      workspace: this.workspace,
      held: held ?? left ?? [],
      input,
      constant: plan.constants.map((data) => backend.bufferOf(data)),
      output: fresh.map(({ buffer }) => buffer!),
    })
    backend.commands.flushMany()
    return { held, fresh }
  }

  dispose(): void {
    this.dispatches.dispose()
  }
}
