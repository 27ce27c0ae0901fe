import { forEachValue, groupsFor, type Element, type GpuKernel, type Part, type PartBuffer } from '../engines/webgpu/kernel' // prettier-ignore

export interface Sizes {
  batch: number
  length: number
  channels: number
  taps: number
}

/** Inputs with those before the first token: places 0 … K − 2 are the state's, the others x's. A missing one is zeros. */
export type Extended = { x?: PartBuffer; state?: PartBuffer }

/** Buffers of a kernel, by their names. */
type Buffers = Record<string, PartBuffer | undefined>
const given = (buffers: Buffers): [string, PartBuffer][] =>
  Object.entries(buffers).filter((entry): entry is [string, PartBuffer] => entry[1] !== undefined)

function partOf(
  name: string,
  buffers: Buffers,
  output: number,
  code: string,
  parameters: readonly number[],
  groups: Part['groups'],
): Part {
  const inputs = given(buffers)
  const names = inputs.map(([input]) => input)
  const kernel: GpuKernel = {
    name: `ShortConv ${name} of ${names}`,
    inputs: Object.fromEntries(names.map((input): [string, Element] => [input, 'f32'])),
    outputs: { y: 'f32' },
    code,
  }
  return { kernel, inputs: inputs.map(([, buffer]) => buffer), outputs: [output], parameters, groups }
}

const named = (terms: readonly Buffers[]): Buffers =>
  Object.fromEntries(
    terms.flatMap((term, n) => Object.entries(term).map(([key, buffer]) => [key + String(n), buffer])),
  )

/** `e0(b, place, c)`, … for what is extended in each term. */
const extended = (terms: readonly Extended[]): string =>
  terms
    .map(
      ({ x, state }, n) => `
fn e${n}(b: u32, place: u32, c: u32) -> f32 {
  let before = param(4) - 1u;
  if (place < before) { return ${state === undefined ? '0.0' : `state${n}[(b * param(3) + c) * before + place]`}; }
  return ${x === undefined ? '0.0' : `x${n}[(b * param(2) + place - before) * param(3) + c]`};
}`,
    )
    .join('')

const sizesOf = ({ batch, length, channels, taps }: Sizes) => [batch, length, channels, taps]

/** y[b, t, c] = bias[c] + Σ over the terms and j of weight[c, j] · e[b, t + j, c], through silu where asked for. */
export function convolved(
  sizes: Sizes,
  terms: readonly (Extended & { weight: PartBuffer })[],
  bias: PartBuffer | undefined,
  output: number,
  silu = false,
): Part {
  const size = sizes.batch * sizes.length * sizes.channels
  const code = `${extended(terms)}
${forEachValue(`
  let c = i % param(3);
  let t = i / param(3) % param(2);
  let b = i / param(3) / param(2);
  var sum = ${bias === undefined ? '0.0' : 'bias[c]'};
  for (var j = 0u; j < param(4); j++) {
${terms.map((_, n) => `    sum += weight${n}[c * param(4) + j] * e${n}(b, t + j, c);`).join('\n')}
  }
  y[i] = ${silu ? 'sum / (1.0 + exp(-sum))' : 'sum'};`)}`
  const name = `convolved ${silu}`
  return partOf(name, { ...named(terms), bias }, output, code, [size, ...sizesOf(sizes)], groupsFor(size))
}

/**
 * The other way round: Σ over the terms and j of weight[c, j] · slope[b, place − j, c], and `last` for the last places;
 * for those of x [B, T, C] or of the state [B, C, K − 1].
 */
export function spread(
  sizes: Sizes,
  terms: readonly { weight: PartBuffer; slope: PartBuffer }[],
  last: PartBuffer | undefined,
  to: 'x' | 'state',
  output: number,
): Part {
  const size = sizes.batch * sizes.channels * (to === 'x' ? sizes.length : sizes.taps - 1)
  const ofState = `
  let before = param(4) - 1u;
  let place = i % before;
  let c = i / before % param(3);
  let b = i / before / param(3);`
  const ofX = `
  let before = param(4) - 1u;
  let c = i % param(3);
  let place = i / param(3) % param(2) + before;
  let b = i / param(3) / param(2);`
  const code = forEachValue(`${to === 'x' ? ofX : ofState}
  let length = param(2);
  var sum = 0.0;
  for (var j = 0u; j <= min(before, place); j++) {
    let t = place - j;
    if (t < length) {
${terms.map((_, n) => `      sum += weight${n}[c * param(4) + j] * slope${n}[(b * length + t) * param(3) + c];`).join('\n')}
    }
  }
  ${last === undefined ? '' : 'if (place >= length) { sum += last[(b * param(3) + c) * before + place - length]; }'}
  y[i] = sum;`)
  const name = `spread to ${to}`
  return partOf(name, { ...named(terms), last }, output, code, [size, ...sizesOf(sizes)], groupsFor(size))
}

/** The inputs of the last K − 1 places [B, C, K − 1]. */
export function lastOf(sizes: Sizes, of: Extended, output: number): Part {
  const size = sizes.batch * sizes.channels * (sizes.taps - 1)
  const code = `${extended([of])}
${forEachValue(`
  let before = param(4) - 1u;
  y[i] = e0(i / before / param(3), param(2) + i % before, i / before % param(3));`)}`
  return partOf('last', named([{ ...of }]), output, code, [size, ...sizesOf(sizes)], groupsFor(size))
}

/** Channels of a group, and rows that it sums at a time. */
const [columns, lanes] = [32, 8]

/** [C, K]: Σ over the terms, b and t of slope[b, t, c] · e[b, t + j, c]. */
export function correlated(
  sizes: Sizes,
  terms: readonly (Extended & { slope: PartBuffer })[],
  output: number,
): Part {
  const code = `${extended(terms)}
var<workgroup> partial: array<f32, ${columns * lanes}>;
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) i: u32) {
  let c = group.x * ${columns}u + local.x;
  let j = group.y;
  var sum = 0.0;
  if (c < param(3)) {
    for (var row = local.y; row < param(0); row += ${lanes}u) {
      let b = row / param(2);
      let t = row % param(2);
${terms.map((_, n) => `      sum += slope${n}[row * param(3) + c] * e${n}(b, t + j, c);`).join('\n')}
    }
  }
  partial[i] = sum;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half = half / 2u) {
    if (local.y < half) { partial[i] += partial[i + half * ${columns}u]; }
    workgroupBarrier();
  }
  if (local.y == 0u && c < param(3)) { y[c * param(4) + j] = partial[i]; }
}`
  const rows = sizes.batch * sizes.length
  const groups = [Math.ceil(sizes.channels / columns), sizes.taps, 1] as const
  return partOf('correlated', named(terms), output, code, [rows, ...sizesOf(sizes)], groups)
}
