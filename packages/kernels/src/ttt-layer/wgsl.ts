import type { Shapes } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernel, GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { outputAsInput, type GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { bringPart, fetchPart, tokensPart } from '../task-memory/parts'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, taskMain } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
import {
  depthOf,
  modelParts,
  modelValues,
  rowOf,
  tasksOf,
  tokenColumns,
  tttSizes,
  type TttSizes,
} from './wgsl-memory'
import {
  addProducts,
  answerCode,
  gatherCode,
  helpers,
  learnCode,
  moveCode,
  readingPlaces,
} from './wgsl-steps'

/** Reads all tokens of a sequence's head, mini-batch after mini-batch. */
function readKernel(sizes: TttSizes) {
  const places = new Places()
  const at = readingPlaces(sizes, places)
  const model = places.take(modelValues(sizes))
  const layers = Array.from({ length: depthOf(sizes) }, (_, l) => l)
  const { miniBatch, widths } = sizes
  const row = rowOf(sizes)
  const kernel: GpuKernel = {
    name: `TTT layer, reading, ${widths} by ${miniBatch}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', y: 'f32' },
    code: `
const N = ${miniBatch}u;
${helpers(sizes)}
${learnCode(sizes, at)}
${answerCode(sizes, at)}
${moveCode(sizes, at)}
${taskMain(
  places.all,
  `
  let length = param(0);
  let filled = u32(max(position[task / param(1)], 0)) % N;
  for (var index = 0u; index < (filled + length + N - 1u) / N; index++) {
    ${gatherCode(at, row)}
    learn(${model}u, n);
    answer(${model}u, n, s.z, index == 0u);
    ${each(
      'n * D',
      `y[(task * length + s.x) * D + e] = m[base + ${at.q}u + e] + m[base + ${at.unitHat}u + e] * m[base + ${at.scale}u + e % D] + m[base + ${at.shift}u + e % D];`,
    )}
    if (s.z + n < N) {
      ${layers.map((l) => addProducts(sizes, l, at.x[l], at.p[l], `${at.sums}u`)).join('\n')}
    } else {
      moveWeights(${model}u, n);
      if (index == 0u) {
        let last = m[base + ${at.factors + miniBatch - 1}u];
        ${each(modelValues(sizes), `m[base + ${model}u + e] -= last * m[base + ${at.sums}u + e]; m[base + ${at.sums}u + e] = 0.0;`)}
      }
    }
  }`,
)}`,
  }
  return { kernel, at, model, values: places.all, row }
}

const forward: GpuFusedKernel = (call, family) => {
  const { shapes, parts, input, output, temporary, run } = openedCall(call, family)
  const sizes = tttSizes(shapes)
  const tasks = tasksOf(sizes)
  const { kernel, at, model, values, row } = readKernel(sizes)
  const { length, width, heads, miniBatch } = sizes
  const tokens = temporary(tasks * length * row)
  const memory = temporary(tasks * values)
  const read = temporary(tasks * length * width)
  parts.push(
    ...tokenColumns(width).map(([name, n, column]) => tokensPart(sizes, n, input(name), tokens, row, column)),
    bringPart(tasks, miniBatch, 1, input('factors'), memory, values, at.factors),
    bringPart(tasks, width, heads, input('normScale'), memory, values, at.scale),
    bringPart(tasks, width, heads, input('normShift'), memory, values, at.shift),
  )
  const all = modelParts(sizes).flatMap(({ name, at: place, values: n }) => [
    { name, n, place: model + place },
    { name: `${name}Sum`, n, place: at.sums + place },
  ])
  for (const { name, n, place } of all)
    parts.push(bringPart(tasks, n, tasks, input(name), memory, values, place))
  parts.push({
    kernel,
    inputs: [outputAsInput(tokens), input('position')!],
    outputs: [memory, read],
    parameters: [length, heads],
    groups: [tasks, 1, 1],
  })
  const y = output('y')
  if (y !== undefined) parts.push(tokensPart(sizes, width, outputAsInput(read), y, width, 0, true))
  for (const { name, n, place } of all) {
    const to = output(`${name}Next`)
    if (to !== undefined) parts.push(fetchPart(tasks, n, tasks, outputAsInput(memory), to, values, place))
  }
  return run()
}

/** Whether the kernels take these inputs on a GPU of these limits, or why not. */
export function tttSupports(
  inputs: Shapes,
  isGradient: boolean,
  { maxStorageBufferBindingSize: most }: Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize'>,
): true | string {
  const sizes = tttSizes(inputs)
  const { values, given } = isGradient
    ? gradientKernel(sizes, most)
    : { values: readKernel(sizes).values, given: rowOf(sizes) }
  const shapes = Object.values(inputs)
  return taskSupports(tasksOf(sizes), [values, sizes.length * given], shapes.map(sizeOf), most)
}

/** Kernels of the op of this name. */
export const tttKernels = (name: string): GpuFusedKernels => ({
  [name]: forward,
  [`${name}Grad`]: gradient,
})
