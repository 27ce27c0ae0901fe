import { limited, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, taskMain } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
import {
  depthOf,
  modelFields,
  modelValues,
  rowOf,
  sharedFields,
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
  const { shapes, open } = openedCall(call, family)
  const sizes = tttSizes(shapes)
  const { kernel, at, model, ...memory } = readKernel(sizes)
  const { width, heads } = sizes
  const tasks = open(sizes, memory)
  tasks.bringTokens(tokenColumns(width))
  const carried = [...modelFields(sizes, model), ...modelFields(sizes, at.sums, 'Sum')]
  tasks.bring([...sharedFields(sizes, at), ...carried])
  const read = tasks.rows(width)
  tasks.run(kernel, read, [heads])
  tasks.fetchTokens([['y', width, 0]], read, width)
  tasks.fetch(carried, (name) => `${name}Next`)
  return tasks.results()
}

/** Kernels of the op of this name. */
export const tttKernels = (name: string) => ({
  [name]: limited(forward, taskSupports(tttSizes, readKernel)),
  [`${name}Grad`]: limited(gradient, taskSupports(tttSizes, gradientKernel)),
})
