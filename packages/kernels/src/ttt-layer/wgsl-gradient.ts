import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import { outputAsInput, type GpuKernel } from '../engines/webgpu/kernel'
import { backwardPlaces, goBackCode } from './wgsl-backward'
import { openedCall } from './wgsl-call'
import { bringPart, fetchPart, modelParts, modelValues, Places, tasksOf, tokensPart, type TttSizes } from './wgsl-memory' // prettier-ignore
import { answerCode, each, helpers, learnCode, moveCode, readingPlaces } from './wgsl-steps'

/** Values of all tasks' weights at mini-batch starts that are kept; beyond that some are, and others made again. */
const keptValues = (mostBytes: number) => Math.min(2 ** 24, mostBytes / 32)

/** Every how many-th start is kept, and how many of these there are. */
function startsOf(sizes: TttSizes, mostBytes: number) {
  const most = Math.max(1, Math.ceil((sizes.miniBatch - 1 + sizes.length) / sizes.miniBatch))
  const values = modelValues(sizes) * tasksOf(sizes)
  let stride = 1
  while (stride * stride < most && Math.ceil(most / stride) * values > keptValues(mostBytes)) stride++
  return { stride, kept: Math.ceil(most / stride) }
}

/** From the last mini-batch to the first, from the weights of its start. */
export function gradientKernel(sizes: TttSizes, mostBytes: number) {
  const { width, miniBatch, widths } = sizes
  const places = new Places()
  const at = backwardPlaces(sizes, readingPlaces(sizes, places), places)
  const { stride, kept } = startsOf(sizes, mostBytes)
  const size = modelValues(sizes)
  const starts = places.take((kept + stride - 1) * size)
  const [given, made] = [4 * width + 1, 3 * width + 1]
  const gather = `
    let s = segment(index, filled, length);
    let n = s.y;
    let from_ = (task * length + s.x) * ${given}u;
    ${each(
      'n * D',
      `
      let place = from_ + e / D * ${given}u + e % D;
      m[base + ${at.q}u + e] = tokens[place];
      m[base + ${at.k}u + e] = tokens[place + D];
      m[base + ${at.v}u + e] = tokens[place + 2u * D];
      m[base + ${at.dY}u + e] = tokens[place + 3u * D];
      if (e % D == 0u) { m[base + ${at.rates}u + e / D] = tokens[place + 4u * D]; }`,
    )}`
  const kernel: GpuKernel = {
    name: `TTT layer, gradient, ${widths} by ${miniBatch}, of ${kept} starts in ${stride}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', made: 'f32' },
    code: `
const N = ${miniBatch}u;
${helpers(sizes)}
${learnCode(sizes, at)}
${answerCode(sizes, at)}
${moveCode(sizes, at)}
${goBackCode(sizes, at)}
fn startOf(index: u32) -> u32 {
  if (index % ${stride}u == 0u) { return ${starts}u + index / ${stride}u * ${size}u; }
  return ${starts}u + (${kept}u + index % ${stride}u - 1u) * ${size}u;
}
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let length = param(0);
  let task = group.x;
  thread = t;
  base = task * ${places.all}u;
  let filled = u32(max(position[task / param(1)], 0)) % N;
  let count = select(0u, (filled + length + N - 1u) / N, length > 0u);
  // One loop for both, so that what they share is compiled once: starts are found while there are any to find.
  var next = 1u;
  var until = count;
  for (var left = count; left > 0u;) {
    let finding = next < until;
    let index = select(left, next, finding) - 1u;
    let model = startOf(select(index, next, finding));
    if (finding) {
      let before = startOf(index);
      ${each(size, `m[base + model + e] = m[base + before + e];`)}
    }
    ${gather}
    learn(model, n);
    if (finding) {
      moveWeights(model, n);
      if (index == 0u) {
        let last = m[base + ${at.factors + miniBatch - 1}u];
        ${each(size, `m[base + model + e] -= last * m[base + ${at.sums}u + e];`)}
      }
      next++;
      continue;
    }
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
    )}
    left--;
    // Of the starts before that aren't kept.
    if (index > 0u && index % ${stride}u == 0u && ${stride}u > 1u) {
      next = index + 1u - ${stride}u;
      until = index;
    }
  }
}`,
  }
  return { kernel, at, starts, values: places.all, given, made }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { sizes, parts, input, output, temporary, run } = openedCall(call, family)
  const tasks = tasksOf(sizes)
  const { length, width, heads, miniBatch } = sizes
  const { kernel, at, starts, values, given, made } = gradientKernel(sizes, call.backend.mostBound)
  const tokens = temporary(tasks * length * given)
  const memory = temporary(tasks * values)
  const slopes = temporary(tasks * length * made)
  const bring = (name: string, n: number, groups: number, place: number) =>
    parts.push(bringPart(tasks, n, groups, input(name), memory, values, place))
  ;['q', 'k', 'v', 'd_y'].forEach((name, i) =>
    parts.push(tokensPart(sizes, width, input(name), tokens, given, i * width)),
  )
  parts.push(tokensPart(sizes, 1, input('rates'), tokens, given, 4 * width))
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
  for (const [name, n, place] of [
    ['q', width, 0],
    ['k', width, width],
    ['v', width, 2 * width],
    ['rates', 1, 3 * width],
  ] as const) {
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
