import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { backwardPlaces, goBackCode } from './wgsl-backward'
import { cotangentOf, gradientOf, openedCall, type TokenColumn } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { startCode, startsOf, walkCode } from '../task-memory/starts'
import { each, taskMain } from '../task-memory/wgsl'
import {
  modelFields,
  modelValues,
  rowOf,
  sharedFields,
  tasksOf,
  tokenColumns,
  tttSizes,
  type TttSizes,
} from './wgsl-memory'
import { answerCode, gatherCode, helpers, learnCode, moveCode, readingPlaces } from './wgsl-steps'

/** From the last mini-batch to the first, from the weights of its start. */
export function gradientKernel(sizes: TttSizes, mostBytes: number) {
  const { width, miniBatch, widths } = sizes
  const places = new Places()
  const at = backwardPlaces(sizes, readingPlaces(sizes, places), places)
  const size = modelValues(sizes)
  const miniBatches = Math.ceil((miniBatch - 1 + sizes.length) / miniBatch)
  const kept = startsOf(miniBatches, size * tasksOf(sizes), mostBytes)
  const starts = places.take(kept.held * size)
  const made = rowOf(sizes)
  const row = made + width
  const gather = gatherCode(at, row, `m[base + ${at.dY}u + e] = tokens[place + ${made}u];`)
  const kernel: GpuKernel = {
    name: `TTT layer, gradient, ${widths} by ${miniBatch}, of ${kept.kept} starts in ${kept.stride}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', made: 'f32' },
    code: `
const N = ${miniBatch}u;
${helpers(sizes)}
${learnCode(sizes, at)}
${answerCode(sizes, at)}
${moveCode(sizes, at)}
${goBackCode(sizes, at)}
${startCode(kept, starts, size)}
${taskMain(
  places.all,
  `
  let length = param(0);
  let filled = u32(max(position[task / param(1)], 0)) % N;
  let count = select(0u, (filled + length + N - 1u) / N, length > 0u);
  ${walkCode(kept, {
    enter: `
    if (finding) {
      let before = startOf(index);
      ${each(size, `m[base + model + e] = m[base + before + e];`)}
    }
    ${gather}
    learn(model, n);`,
    find: `
      moveWeights(model, n);
      if (index == 0u) {
        let last = m[base + ${at.factors + miniBatch - 1}u];
        ${each(size, `m[base + model + e] -= last * m[base + ${at.sums}u + e];`)}
      }`,
    back: `
    answer(model, n, s.z, index == 0u);
    goBack(model, n, s.z, index == 0u);
    ${each(
      'n * D',
      `
      let to = (task * length + s.x + e / D) * ${made}u + e % D;
      made[to] = m[base + ${at.dQ}u + e];
      made[to + D] = m[base + ${at.dK}u + e];
      made[to + 2u * D] = m[base + ${at.dV}u + e];
      if (e % D == 0u) { made[to + 3u * D] = m[base + ${at.dRates}u + e / D]; }`,
    )}`,
  })}`,
)}`,
  }
  return { kernel, at, starts, values: places.all, row, made }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = tttSizes(shapes)
  const { width, heads } = sizes
  const { kernel, at, starts, made, ...memory } = gradientKernel(sizes, call.backend.mostBound)
  const tasks = open(sizes, memory)
  const columns = tokenColumns(width)
  tasks.bringTokens([...columns, [cotangentOf('y'), width, made] satisfies TokenColumn])
  tasks.bring([
    ...sharedFields(sizes, at),
    ...modelFields(sizes, starts),
    ...modelFields(sizes, at.sums, 'Sum'),
  ])
  const carried = [...modelFields(sizes, at.dModel), ...modelFields(sizes, at.dSums, 'Sum')]
  const shared = sharedFields(sizes, { factors: at.dFactors, scale: at.dScale, shift: at.dShift })
  tasks.bring([...carried, ...shared], (name) => cotangentOf(`${name}Next`))
  const slopes = tasks.rows(made)
  tasks.run(kernel, slopes, [heads])
  tasks.fetchTokens(columns, slopes, made, gradientOf)
  tasks.fetch([...carried, ...shared], gradientOf)
  return tasks.results()
}
