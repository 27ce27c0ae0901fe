import type { Attributes, Shapes } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernel, GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { outputAsInput, type GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { bringPart, fetchPart, tokensPart } from '../task-memory/parts'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, product, rows, taskMain, turned } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
import {
  forBlocks,
  gatherCode,
  networkCode,
  networkPlaces,
  sumMomenta,
  toHidden,
  tokensOfEpoch,
} from './wgsl-network'
import { lactSizes, rowOf, three, threeNorms, tokenColumns, weightValues, type LactSizes } from './wgsl-sizes'

/** Reads all tokens of a head, chunk after chunk. */
function readKernel(sizes: LactSizes) {
  const { width: d, hidden: h } = sizes
  const places = new Places()
  const at = networkPlaces(sizes, places)
  const size = weightValues(sizes)
  const w = places.take(3 * size)
  const momenta = places.take(3 * size)
  const momentumSum = places.take(1)
  const row = rowOf(sizes)
  const read = `${at.reading}u`
  const kernel: GpuKernel = {
    name: `LaCT, reading, ${d} by ${h} by ${sizes.chunk} ${sizes.preNorm}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', y: 'f32' },
    code: `
${networkCode(sizes, at)}
${taskMain(
  places.all,
  `
  let epochs = epochsFrom(position[task], param(0));
  var sum = m[base + ${momentumSum}u];
  for (var epoch = 0u; epoch < epochs.count; epoch++) {
    if (epoch > 0u) {
      let momentum = sum / f32(C);
      sum = 0.0;
      ${each(
        3 * size,
        `
        let next = m[base + ${at.g}u + e] + momentum * m[base + ${momenta}u + e];
        m[base + ${momenta}u + e] = next;
        m[base + ${w}u + e] += next;
        m[base + ${at.g}u + e] = 0.0;`,
      )}
    }
    toReading(${w}u, rescales(epochs, epoch));
    ${tokensOfEpoch}
    ${sizes.preNorm ? '' : each(3 * size, `m[base + ${w}u + e] = m[base + ${at.reading}u + e];`)}
    ${forBlocks(`
      ${gatherCode(at, row)}
      ${toHidden(sizes, read, at.q, at.gate, at.up)}
      ${each('n * H', `m[base + ${at.gate}u + e] = silu(m[base + ${at.gate}u + e]).x * m[base + ${at.up}u + e];`)}
      ${product('n', d, h, rows(at.gate, h), turned(rows(`${read} + ${size}u`, h)), rows(at.q, d))}
      ${each('n * D', `y[(task * epochs.length + start) * D + e] = m[base + ${at.q}u + e];`)}
      addGradients(n);`)}
    ${sumMomenta(row)}
  }
  if (thread == 0u) { m[base + ${momentumSum}u] = sum; }`,
)}`,
  }
  return { kernel, at, w, momenta, momentumSum, values: places.all, row }
}

const forward: GpuFusedKernel = (call, family) => {
  const { shapes, parts, input, output, temporary, run } = openedCall(call, family)
  const sizes = lactSizes(shapes, call.attributes[0], call.attributes[1])
  const { tasks, length, width } = sizes
  const heads = { batch: tasks, length, heads: 1 }
  const { kernel, at, w, momenta, momentumSum, values, row } = readKernel(sizes)
  const tokens = temporary(tasks * length * row)
  const memory = temporary(tasks * values)
  for (const [name, n, column] of tokenColumns(width))
    parts.push(tokensPart(heads, n, input(name), tokens, row, column))
  const carried = [
    ...three('w', sizes, w),
    ...three('m', sizes, momenta),
    ...three('g', sizes, at.g),
    { name: 'momentumSum', at: momentumSum, values: 1 },
  ]
  for (const { name, at: place, values: n } of [...carried, ...threeNorms(sizes, at.norms)])
    parts.push(bringPart(tasks, n, tasks, input(name), memory, values, place))
  const y = output('y') ?? temporary(tasks * length * width)
  parts.push({
    kernel,
    inputs: [outputAsInput(tokens), input('position')!],
    outputs: [memory, y],
    parameters: [length],
    groups: [tasks, 1, 1],
  })
  for (const { name, at: place, values: n } of carried) {
    const to = output(name)
    if (to !== undefined) parts.push(fetchPart(tasks, n, tasks, outputAsInput(memory), to, values, place))
  }
  return run()
}

/** Whether the kernels take these inputs on a GPU of these limits, or why not. */
export function lactSupports(
  inputs: Shapes,
  attributes: Attributes,
  isGradient: boolean,
  { maxStorageBufferBindingSize: most }: Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize'>,
): true | string {
  const sizes = lactSizes(inputs, attributes.chunk, attributes.preNorm)
  const { values, row } = isGradient ? gradientKernel(sizes, most) : readKernel(sizes)
  return taskSupports(sizes.tasks, [values, sizes.length * row], Object.values(inputs).map(sizeOf), most)
}

export const gpuKernels: GpuFusedKernels = { Lact: forward, LactGrad: gradient }
