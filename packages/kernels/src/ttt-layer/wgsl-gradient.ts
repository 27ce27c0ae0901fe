import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import { outputAsInput, type GpuKernel } from '../engines/webgpu/kernel'
import { backwardPlaces, goBackCode } from './wgsl-backward'
import { openedCall } from '../task-memory/call'
import { bringPart, fetchPart, tokensPart } from '../task-memory/parts'
import { Places } from '../task-memory/places'
import { startCode, startsOf, walkCode } from '../task-memory/starts'
import { each, taskMain } from '../task-memory/wgsl'
import { modelParts, modelValues, rowOf, tasksOf, tokenColumns, tttSizes, type TttSizes } from './wgsl-memory'
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
  const given = made + width
  const gather = gatherCode(at, given, `m[base + ${at.dY}u + e] = tokens[place + ${made}u];`)
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
  return { kernel, at, starts, values: places.all, given, made }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { shapes, parts, input, output, temporary, run } = openedCall(call, family)
  const sizes = tttSizes(shapes)
  const tasks = tasksOf(sizes)
  const { length, width, heads, miniBatch } = sizes
  const { kernel, at, starts, values, given, made } = gradientKernel(sizes, call.backend.mostBound)
  const tokens = temporary(tasks * length * given)
  const memory = temporary(tasks * values)
  const slopes = temporary(tasks * length * made)
  const bring = (name: string, n: number, groups: number, place: number) =>
    parts.push(bringPart(tasks, n, groups, input(name), memory, values, place))
  for (const [name, n, column] of [...tokenColumns(width), ['d_y', width, made] as const])
    parts.push(tokensPart(sizes, n, input(name), tokens, given, column))
  bring('factors', miniBatch, 1, at.factors)
  bring('normScale', width, heads, at.scale)
  bring('normShift', width, heads, at.shift)
  for (const { name, at: place, values: n } of modelParts(sizes)) {
    bring(name, n, tasks, starts + place)
    bring(`${name}Sum`, n, tasks, at.sums + place)
    bring(`d_${name}Next`, n, tasks, at.dModel + place)
    bring(`d_${name}SumNext`, n, tasks, at.dSums + place)
  }
  for (const [n, place] of [
    [miniBatch, at.dFactors],
    [width, at.dScale],
    [width, at.dShift],
  ])
    parts.push(bringPart(tasks, n, 1, undefined, memory, values, place))
  parts.push({
    kernel,
    inputs: [outputAsInput(tokens), input('position')!],
    outputs: [memory, slopes],
    parameters: [length, heads],
    groups: [tasks, 1, 1],
  })
  const fetch = (name: string, n: number, groups: number, place: number) => {
    const to = output(`grad_${name}`)
    if (to !== undefined) parts.push(fetchPart(tasks, n, groups, outputAsInput(memory), to, values, place))
  }
  for (const [name, n, place] of tokenColumns(width)) {
    const to = output(`grad_${name}`)
    if (to !== undefined) parts.push(tokensPart(sizes, n, outputAsInput(slopes), to, made, place, true))
  }
  fetch('factors', miniBatch, 1, at.dFactors)
  fetch('normScale', width, heads, at.dScale)
  fetch('normShift', width, heads, at.dShift)
  for (const { name, at: place, values: n } of modelParts(sizes)) {
    fetch(name, n, tasks, at.dModel + place)
    fetch(`${name}Sum`, n, tasks, at.dSums + place)
  }
  return run()
}
