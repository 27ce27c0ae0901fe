import { each, taskCode, value } from '../task-memory/wgsl'
import type { Places } from '../task-memory/places'
import { sumValues, type MesaSizes } from './wgsl-sizes'

export function sumPlaces(sizes: MesaSizes, places: Places, row: number) {
  const { depth } = sizes
  return {
    /** Of one token. */
    token: places.take(row),
    lambda: places.take(depth),
    x: places.take(depth),
    right: places.take(depth),
    inverse: places.take(depth),
    residual: places.take(depth),
    direction: places.take(depth),
    product: places.take(depth),
  }
}
export type SumPlaces = ReturnType<typeof sumPlaces>

/** Where in WGSL a token's values are, and how much is left of the sums before it. */
export const tokenPlaces = ({ depth, width }: MesaSizes, { token }: SumPlaces) => ({
  q: token,
  k: token + depth,
  v: token + 2 * depth,
  decay: `exp(max(${value(token + 2 * depth + width, '0u')}, -1e30))`,
  beta: value(token + 2 * depth + width + 1, '0u'),
})

/** Copies the token `t`. */
export const gatherToken = (at: SumPlaces, row: number): string =>
  each(row, `${value(at.token)} = tokens[(task * param(0) + t) * ${row}u + e];`)

/** to = decay · before + β k [k, v]ᵀ, for the token that is there. */
export function addToken(sizes: MesaSizes, at: SumPlaces, before: string, to: string): string {
  const { depth, width } = sizes
  const token = tokenPlaces(sizes, at)
  const ofKeys = depth * depth
  return `{
    let decay = ${token.decay};
    let weight = ${token.beta};
    ${each(
      sumValues(sizes),
      `
      let ofKeys = e < ${ofKeys}u;
      let of_ = select((e - ${ofKeys}u) / ${width}u, e / K, ofKeys);
      let by = select(${token.v}u + (e - ${ofKeys}u) % ${width}u, ${token.k}u + e % K, ofKeys);
      m[base + ${to} + e] = decay * m[base + ${before} + e] + weight * ${value(token.k, 'of_')} * m[base + by];`,
    )}
  }`
}

/**
 * `solve(keys, of_, to)`: x with (keys + diag(λ)) x = the values at \`of_\`, for symmetric and positive keys, by conjugate
 * gradients. By the right side's own largest value, so that squares have room, and preconditioned by the diagonal: a channel
 * that is held back by far more than others would hide these otherwise. At 1e-15 of the right side's square float32 has
 * nothing to gain.
 */
export const solveCode = ({ depth }: MesaSizes, at: SumPlaces): string => `
const K = ${depth}u;
${taskCode}
var<workgroup> decision: u32;
/** The same for all threads, so that they may meet at barriers after it. */
fn together(asked: bool) -> bool {
  if (thread == 0u) { decision = u32(asked); }
  return workgroupUniformLoad(&decision) != 0u;
}
fn inner(a: u32, b: u32) -> f32 {
  var sum = 0.0;
  for (var e = thread; e < K; e += WG) { sum += m[base + a + e] * m[base + b + e]; }
  return total(sum, thread);
}
/** product = (keys + diag(λ)) · the values at p */
fn multiply(keys: u32, p: u32) {
  ${each(
    'K',
    `
    var sum = ${value(at.lambda)} * m[base + p + e];
    for (var i = 0u; i < K; i++) { sum += m[base + p + i] * m[base + keys + i * K + e]; }
    ${value(at.product)} = sum;`,
  )}
}
fn solve(keys: u32, of_: u32, to: u32) {
  var size = 0.0;
  for (var i = 0u; i < K; i++) { size = max(size, abs(m[base + of_ + i])); }
  let unit = select(1.0, size, size > 0.0);
  ${each(
    'K',
    `
    let right = m[base + of_ + e] / unit;
    let inverse = 1.0 / (m[base + keys + e * K + e] + ${value(at.lambda)});
    ${value(at.right)} = right;
    ${value(at.inverse)} = inverse;
    m[base + to + e] = right * inverse;`,
  )}
  multiply(keys, to);
  ${each(
    'K',
    `
    let rest = ${value(at.right)} - ${value(at.product)};
    ${value(at.residual)} = rest;
    ${value(at.direction)} = rest * ${value(at.inverse)};
    ${value(at.product)} = ${value(at.right)} * ${value(at.inverse)};`,
  )}
  size = inner(${at.residual}u, ${at.direction}u);
  let enough = 1e-15 * inner(${at.right}u, ${at.product}u);
  for (var step = 0u; step < 2u * K; step++) {
    if (!together(size > enough)) { break; }
    multiply(keys, ${at.direction}u);
    let along = inner(${at.direction}u, ${at.product}u);
    if (!together(along > 0.0)) { break; }
    let far = size / along;
    ${each(
      'K',
      `
      let rest = ${value(at.residual)} - far * ${value(at.product)};
      m[base + to + e] += far * ${value(at.direction)};
      ${value(at.residual)} = rest;
      ${value(at.product)} = rest * ${value(at.inverse)};`,
    )}
    let next = inner(${at.residual}u, ${at.product}u);
    let keep = next / size;
    ${each('K', `${value(at.direction)} = ${value(at.product)} + keep * ${value(at.direction)};`)}
    size = next;
  }
  ${each('K', 'm[base + to + e] *= unit;')}
}`
