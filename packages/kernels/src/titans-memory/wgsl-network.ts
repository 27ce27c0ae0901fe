import type { Places } from '../task-memory/places'
import { block, each, product, rows, taskCode, turned, value } from '../task-memory/wgsl'
import { weightPlaces, weightValues, type TitansSizes } from './wgsl-sizes'

/** Of a block of tokens, whose queries or keys stand in `x`. */
export function networkPlaces(sizes: TitansSizes, places: Places) {
  const { width, hidden } = sizes
  return {
    g: places.take(weightValues(sizes)),
    x: places.take(block * width),
    v: places.take(block * width),
    rate: places.take(block),
    before: places.take(block * hidden),
    hidden: places.take(block * hidden),
    back: places.take(block * hidden),
    out: places.take(block * width),
    dY: places.take(block * width),
    factors: places.take(block),
    /** Means of rows, four each. */
    means: places.take(4 * block),
  }
}
export type NetworkPlaces = ReturnType<typeof networkPlaces>

/** z [n, H] (+)= x [n, D] · w1 */
export const toHidden = ({ width: d, hidden: h }: TitansSizes, x: number, w1: string, z: number): string =>
  product('n', h, d, rows(x, d), rows(w1, h), rows(z, h))
/** o [n, D] (+)= z [n, H] · w2 */
export const fromHidden = (
  { width: d, hidden: h }: TitansSizes,
  z: number,
  w2: string,
  o: number,
  add = false,
): string => product('n', d, h, rows(z, h), rows(w2, d), rows(o, d), add)
/** z [n, H] (+)= o [n, D] · w2ᵀ */
export const fromHiddenBack = (
  { width: d, hidden: h }: TitansSizes,
  o: number,
  w2: string,
  z: number,
  add = false,
): string => product('n', h, d, rows(o, d), turned(rows(w2, d)), rows(z, h), add)
/** x [n, D] += z [n, H] · w1ᵀ */
export const toHiddenBack = (
  { width: d, hidden: h }: TitansSizes,
  z: number,
  w1: string,
  x: number,
): string => product('n', d, h, rows(z, h), turned(rows(w1, h)), rows(x, d), true)
/** w1 += xᵀ z */
export const addToFirst = ({ width: d, hidden: h }: TitansSizes, x: number, z: number, w1: string): string =>
  product(d, h, 'n', turned(rows(x, d)), rows(z, h), rows(w1, h), true)
/** w2 += zᵀ o */
export const addToSecond = ({ width: d, hidden: h }: TitansSizes, z: number, o: number, w2: string): string =>
  product(h, d, 'n', turned(rows(z, h)), rows(o, d), rows(w2, d), true)

/** In WGSL, the places of w1 and w2 of the model at a place. */
export function placesIn(sizes: TitansSizes, model: string | number): { w1: string; w2: string } {
  const { w1, w2 } = weightPlaces(sizes)
  return { w1: `${model} + ${w1}u`, w2: `${model} + ${w2}u` }
}

/** The polynomial of `normalCdf`, in float32, from the highest power down. */
const tailPolynomial = [
  -9.61230566e-6, 1.213158e-5, 7.71016588e-5, -1.97253572e-4, -3.27989721e-4, 2.02961185e-3, 4.93014237e-4,
  -2.15237774e-2, 5.57080602e-3, 0.515312693, -0.501436727,
]

/**
 * What both kernels have. Tokens of epoch 0 have the weights given; each next epoch begins with an update, perhaps after the
 * last token. The last token of a chunk reads what the chunk has taught: an epoch's queries begin and end a token earlier
 * than what it learns from.
 */
export function networkCode(sizes: TitansSizes, at: NetworkPlaces): string {
  const { width, hidden } = sizes
  const model = placesIn(sizes, 'model')
  const to = placesIn(sizes, 'to')
  return `
const D = ${width}u;
const H = ${hidden}u;
${taskCode}
/** @param open tokens that were read before of the chunk that these begin in */
fn firstToken(epoch: u32, open: u32) -> u32 { return max(epoch * param(1), open) - open; }
fn endToken(epoch: u32, open: u32) -> u32 { return min(param(0), firstToken(epoch + 1u, open)); }
fn firstQuery(epoch: u32, open: u32) -> u32 { return max(firstToken(epoch, open), 1u) - 1u; }
fn endQuery(epoch: u32, open: u32) -> u32 { return min(param(0), firstToken(epoch + 1u, open) - 1u); }
/** η and α of a chunk, of its logits' sums. */
fn gatesOf(sums: vec2f) -> vec2f {
  let x = sums / f32(param(1));
  let small = exp(-abs(x));
  return select(small, vec2f(1.0), x >= vec2f(0.0)) / (1.0 + small);
}
/** gelu, x Φ(x), its slope and its curvature; beyond 20 the density is nothing. */
fn gelu(x: f32) -> vec3f {
  let z = min(abs(x) * 0.70710678, 6.0);
  let t = 2.0 / (z + 2.0);
  let u = (t - 0.625) * 2.66666667;
  var p = ${tailPolynomial[0]};
  ${tailPolynomial
    .slice(1)
    .map((c) => `p = p * u + ${c};`)
    .join('\n  ')}
  let tail = 0.5 * t * exp(p - z * z);
  let probability = select(1.0 - tail, tail, x < 0.0);
  let near = clamp(x, -20.0, 20.0);
  let density = 0.39894228 * exp(-0.5 * near * near);
  return vec3f(x * probability, probability + near * density, density * (2.0 - near * near));
}
/** Centres a row and brings it to variance 1; its factor. */
fn normalise(row: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < D; c++) { sum += m[base + row + c]; }
  let mean = sum / f32(D);
  var squares = 0.0;
  for (var c = 0u; c < D; c++) {
    let centred = m[base + row + c] - mean;
    m[base + row + c] = centred;
    squares += centred * centred;
  }
  let factor = 1.0 / sqrt(squares / f32(D) + bitcast<f32>(param(2)));
  for (var c = 0u; c < D; c++) { m[base + row + c] *= factor; }
  return factor;
}
/** What n rows come to before w0 and their own selves, in \`out\`. */
fn recall(model: u32, n: u32) {
  ${toHidden(sizes, at.x, model.w1, at.before)}
  ${each('n * H', `${value(at.hidden)} = gelu(${value(at.before)}).x;`)}
  ${fromHidden(sizes, at.hidden, model.w2, at.out)}
  ${each('n', `${value(at.factors)} = normalise(${at.out}u + e * D);`)}
}
/** After \`recall\`, for the gradient dY: adds those of weights to what is at \`to\`; in \`back\` that of x · w1 is left. */
fn addGradients(model: u32, to: u32, n: u32) {
  ${each('D', `for (var i = e; i < n * D; i += D) { m[base + to + e] += ${value(at.dY, 'i')} * ${value(at.out, 'i')}; }`)}
  ${each(
    'n',
    `
    var sums = vec2f(0.0);
    for (var c = 0u; c < D; c++) {
      let given = ${value(at.dY, 'e * D + c')} * (m[base + model + c] + 1.0);
      sums += given * vec2f(1.0, ${value(at.out, 'e * D + c')});
    }
    ${value(at.means, '4u * e')} = sums.x / f32(D);
    ${value(at.means, '4u * e + 1u')} = sums.y / f32(D);`,
  )}
  ${each(
    'n * D',
    `
    let row = e / D;
    let given = ${value(at.dY)} * (m[base + model + e % D] + 1.0);
    let centred = given - ${value(at.means, '4u * row')} - ${value(at.out)} * ${value(at.means, '4u * row + 1u')};
    ${value(at.out)} = ${value(at.factors, 'row')} * centred;`,
  )}
  ${fromHiddenBack(sizes, at.out, model.w2, at.back)}
  ${each('n * H', `${value(at.back)} *= gelu(${value(at.before)}).y;`)}
  ${addToFirst(sizes, at.x, at.back, to.w1)}
  ${addToSecond(sizes, at.hidden, at.out, to.w2)}
}
/** Adds up n tokens' weighted gradients at these weights. */
fn learn(model: u32, n: u32) {
  recall(model, n);
  ${each(
    'n * D',
    `
    let missing = ${value(at.out)} * (m[base + model + e % D] + 1.0) + ${value(at.x)} - ${value(at.v)};
    ${value(at.dY)} = 2.0 / f32(D) * ${value(at.rate, 'e / D')} * missing;`,
  )}
  addGradients(model, ${at.g}u, n);
}`
}

/** Copies a column of the block of tokens from `start` on. */
export const gather = (to: number, width: string, column: string, row: number): string =>
  each(
    `n * ${width}`,
    `${value(to)} = tokens[(task * length + start + e / ${width}) * ${row}u + ${column} + e % ${width}];`,
  )
export const gatherKeys = (at: NetworkPlaces, row: number): string => `
      ${gather(at.x, 'D', 'D', row)}
      ${gather(at.v, 'D', '2u * D', row)}
      ${gather(at.rate, '1u', '3u * D', row)}`

/** Adds up the logits of tokens in `sums`, in every thread. */
export const addLogits = (first: string, end: string, row: number): string => `
    for (var t = ${first}; t < ${end}; t++) {
      let logits = (task * length + t) * ${row}u + 3u * D + 1u;
      sums += vec2f(tokens[logits], tokens[logits + 1u]);
    }`
