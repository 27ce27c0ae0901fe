import type { Place } from '../../programs/buffers'
import type { PlacedCall, StepPlan } from '../../programs/plan-step'
import { usage, type PooledBuffer } from '../buffers'
import { parameterBytes, type Commands } from '../commands'
import type { GpuData } from '../data'
import { forEachValue, mostParameters, type GpuKernel, type Part } from '../kernel'
import type { Pipeline } from '../pipelines'
import type { RecordedCall } from './recorded-call'

/** The buffers of a run, by where places are. */
export type Memory = Record<Place['in'], readonly PooledBuffer[]>

/** So many bind groups are kept of a dispatch whose buffers differ from run to run. */
const mostGroups = 8

/** The second input added to the first, where that one stands. */
const addTo: GpuKernel = {
  name: 'Add to',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: forEachValue('  y[i] = y[i] + x[i];'),
}

interface PlannedDispatch {
  pipeline: Pipeline
  groups: Part['groups']
  ranges: Part['ranges']
  places: readonly Place[]
  /** Whether its buffers are the same in each run. */
  fixed: boolean
  bindGroups: Map<string, GPUBindGroup>
}

/** A step's dispatches, compiled, their parameters uploaded. */
export class PlannedDispatches {
  private readonly dispatches: readonly PlannedDispatch[]
  private readonly parameters: GPUBuffer

  constructor(
    private readonly commands: Commands,
    { calls }: StepPlan<GpuData, RecordedCall>,
  ) {
    const parts = calls.flatMap(partsOf).filter(({ part }) => !part.groups.includes(0))
    const { device } = commands.gpu
    this.parameters = device.createBuffer({
      size: Math.max(1, parts.length) * parameterBytes,
      usage: usage.uniform | usage.copyDestination,
    })
    const words = new Uint32Array(parts.length * mostParameters)
    parts.forEach(({ part }, i) => words.set(part.parameters, i * mostParameters))
    if (parts.length > 0) device.queue.writeBuffer(this.parameters, 0, words)
    this.dispatches = parts.map(({ part, places }) => ({
      pipeline: commands.pipelines.of(part.kernel),
      groups: part.groups,
      ranges: part.ranges,
      places,
      fixed: places.every((place) => place.in === 'workspace' || place.in === 'constant'),
      bindGroups: new Map<string, GPUBindGroup>(),
    }))
  }

  run(memory: Memory): void {
    this.dispatches.forEach(({ pipeline, groups, ranges, places, fixed, bindGroups }, i) => {
      const buffers = places.map((place) => memory[place.in][place.index])
      const key = fixed ? '' : buffers.map(({ id }) => id).join()
      let group = bindGroups.get(key)
      if (!group) {
        group = this.commands.bindGroup(pipeline.layout, this.parameters, i * parameterBytes, buffers, ranges)
        if (bindGroups.size >= mostGroups) bindGroups.clear()
        bindGroups.set(key, group)
      }
      this.commands.encode(pipeline.pipeline, group, groups, buffers)
    })
  }

  dispose(): void {
    // What is gathered may still read it.
    this.commands.flush()
    this.parameters.destroy()
  }
}

function partsOf({ call, inputs, outputs }: PlacedCall<RecordedCall>): { part: Part; places: Place[] }[] {
  const [first, second] = inputs as Place[]
  const [sum] = outputs as Place[]
  if (call.isSum && same(first, sum)) {
    const [part] = call.parts
    return [{ part: { ...part, kernel: addTo }, places: [second, sum] }]
  }
  return call.parts.map((part) => ({
    part,
    places: [
      ...part.inputs.map((input) => (input < 0 ? outputs[-1 - input]! : inputs[input]!)),
      ...part.outputs.map((output) => outputs[output]!),
    ],
  }))
}

const same = (a: Place, b: Place) => a.in === b.in && a.index === b.index
