import { isBlockType, type BlockData, type BlockType } from '../data'
import type { CompiledModule } from '../module'
import type { ReplayingEngine } from '../../programs/programs'
import type { StepPlan } from '../../programs/plan-step'
import type { StepRunner } from '../../programs/prepared-step'
import type { BlockOwner } from './block-owner'
import { encodeStep, unit } from './encode'
import type { RecordedCall } from './recorded-call'

/** How programs are replayed in the module, which keeps each step. What a first step leaves is a block. */
export function replayingInModule(
  backend: BlockOwner,
  module: CompiledModule,
): ReplayingEngine<BlockData, RecordedCall, number> {
  const sum = module.kernelNames.indexOf('Add')
  return {
    alignment: unit,
    dataOf: (tensor) => backend.dataOf(tensor),
    copyOf: (data) => backend.copyOf(data),
    disposeData: (data) => backend.disposeData(data),
    gives: isBlockType,
    // Values of one shape only: others are broadcast.
    isSum: ({ kernel, inputShapes, outputShapes: [shape] }) =>
      kernel === sum && inputShapes.every((each) => each.join() === shape?.join()),
    accumulates: (call, output) => backend.accumulates(call, output),
    overwrites: (call, output) => call.overwrites?.[output],
    prepare: (plan) => new ModuleStep(backend, module, plan),
    release: (held) => module.release(held),
  }
}

/** A step that the module keeps. */
class ModuleStep implements StepRunner<BlockData, number> {
  private readonly number: number

  constructor(
    private readonly backend: BlockOwner,
    private readonly module: CompiledModule,
    private readonly plan: StepPlan<BlockData, RecordedCall>,
  ) {
    const description = encodeStep(plan)
    const block = module.allocate(description.byteLength)
    backend.memoryViews.views(block).int32.set(description)
    this.number = module.createProgram(block, description.length)
    module.release(block)
  }

  run(given: readonly BlockData[], left: number | undefined) {
    const { backend, module } = this
    // Uploading may replace the shared arrays, so it comes first.
    for (const data of given) backend.putInBlock(data)
    let { words } = module
    let at = 0
    words[at++] = this.number
    if (left !== undefined) words[at++] = left
    for (const data of given) words[at++] = data.block
    module.runProgram()
    words = module.words
    at = 0
    const held = this.plan.holding === 'left' ? words[at++] : undefined
    const fresh = this.plan.fresh.map(({ dtype, size }) =>
      backend.dataIn(words[at++], dtype as BlockType, size),
    )
    return { held, fresh }
  }

  dispose(): void {
    this.module.destroyProgram(this.number)
  }
}
