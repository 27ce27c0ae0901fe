import type { Places } from '../task-memory/places'
import { each, product, rows, taskCode, turned } from '../task-memory/wgsl'
import { depthOf, modelPlaces, modelValues, type TttSizes } from './wgsl-memory'

/** Values of a task that reading takes, for a mini-batch at a time; `hat` are the queries'. */
export function readingPlaces(sizes: TttSizes, places: Places) {
  const { widths, miniBatch: n, width: d } = sizes
  const layers = widths.slice(1)
  const take = (width: number) => places.take(n * width)
  const q = take(d)
  const k = take(d)
  return {
    q,
    k,
    v: take(d),
    rates: places.take(n),
    factors: places.take(n),
    scale: places.take(d),
    shift: places.take(d),
    sums: places.take(modelValues(sizes)),
    x: layers.map((_, l) => (l === 0 ? k : take(widths[l]))),
    xHat: layers.map((_, l) => (l === 0 ? q : take(widths[l]))),
    g: layers.map(take),
    p: layers.map(take),
    u: layers.map(take),
    seen: layers.map(() => take(n)),
    slopes: layers.map(take),
    curvatures: layers.map(take),
    beforeSlopes: layers.map(take),
    slopesHat: layers.map(take),
    unit: take(d),
    error: take(d),
    unitHat: take(d),
    inverse: places.take(n),
    inverseHat: places.take(n),
    z: take(Math.max(...widths)),
    along: take(d),
  }
}
export type ReadingPlaces = ReturnType<typeof readingPlaces>

/** WGSL that every kernel of a TTT layer has: what kernels of tasks have, and rows through LayerNorm. */
export const helpers = ({ width }: TttSizes): string => `
const D = ${width}u;
${taskCode}
fn meanOf(a: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < D; c++) { sum += m[base + a + c]; }
  return sum / f32(D);
}
/** A row less its mean, times 1 / its deviation. */
fn standardize(row: u32, to: u32, inverse: u32) {
  let mean = meanOf(row);
  var squares = 0.0;
  for (var c = 0u; c < D; c++) {
    let centred = m[base + row + c] - mean;
    m[base + to + c] = centred;
    squares += centred * centred;
  }
  let factor = 1.0 / sqrt(squares / f32(D) + 1e-6);
  m[base + inverse] = factor;
  for (var c = 0u; c < D; c++) { m[base + to + c] *= factor; }
}
/** A row through the slope of that. */
fn project(row: u32, unit: u32, factor: f32, to: u32) {
  let mean = meanOf(row);
  let along = dotOf(row, unit, D) / f32(D);
  for (var c = 0u; c < D; c++) {
    m[base + to + c] = factor * (m[base + row + c] - mean - m[base + unit + c] * along);
  }
}
/** gelu in its tanh form, its slope and its curvature. */
fn gelu(z: f32) -> vec3f {
  let square = z * z;
  let t = tanh(clamp(0.79788456 * z * (1.0 + 0.044715 * square), -20.0, 20.0));
  let rest = 1.0 - t * t;
  let inner = 0.79788456 * (1.0 + 0.134145 * square);
  let first = rest * inner;
  let second = rest * (0.26829 * 0.79788456 * z) - 2.0 * t * first * inner;
  return vec3f(0.5 * z * (1.0 + t), 0.5 * (1.0 + t + z * first), first + 0.5 * z * second);
}
/** Tokens of a mini-batch: the first, how many, and the first one's place in it. */
fn segment(index: u32, filled: u32, length: u32) -> vec3u {
  let first = max(index * N, filled) - filled;
  let place = select(0u, filled, index == 0u);
  return vec3u(first, min(N - place, length - first), place);
}`

/**
 * Copies the tokens of the mini-batch `index`, n of them, whose segment is `s`.
 *
 * @param row of a token's values
 * @param more done for each value e of a token, whose row begins so that `place` is the query's
 */
export const gatherCode = (at: ReadingPlaces, row: number, more = ''): string => `
    let s = segment(index, filled, length);
    let n = s.y;
    let from_ = (task * length + s.x) * ${row}u;
    ${each(
      'n * D',
      `
      let place = from_ + e / D * ${row}u + e % D;
      m[base + ${at.q}u + e] = tokens[place];
      m[base + ${at.k}u + e] = tokens[place + D];
      m[base + ${at.v}u + e] = tokens[place + 2u * D];
      if (e % D == 0u) { m[base + ${at.rates}u + e / D] = tokens[place + 3u * D]; }
      ${more}`,
    )}`

/** w [in, out] += rowsᵀ · others, b += Σ others, for n rows. */
export function addProducts(
  sizes: TttSizes,
  l: number,
  given: number,
  others: number,
  model: string,
): string {
  // prettier-ignore
  const [into, out] = [sizes.widths[l], sizes.widths[l + 1]]
  const { w, b } = modelPlaces(sizes)[l]
  return `${product(into, out, 'n', turned(rows(given, into)), rows(others, out), rows(`${model} + ${w}u`, out), true)}
  ${each(out, `var sum = 0.0; for (var i = 0u; i < n; i++) { sum += m[base + ${others}u + i * ${out}u + e]; } m[base + ${model} + ${b}u + e] += sum;`)}`
}

/** `learn(model, n)`: the steps p of all layers at these weights, of n keys. */
export function learnCode(sizes: TttSizes, at: ReadingPlaces): string {
  const depth = depthOf(sizes)
  const layer = (l: number) => {
    const [into, out] = [sizes.widths[l], sizes.widths[l + 1]]
    const { w, b } = modelPlaces(sizes)[l]
    const hidden = l < depth - 1
    return `
  ${product('n', out, into, rows(at.x[l], into), rows(`model + ${w}u`, out), rows(at.z, out))}
  ${each(
    `n * ${out}u`,
    `let z = m[base + ${at.z}u + e] + m[base + model + ${b}u + e % ${out}u];
    ${
      hidden
        ? `let each = gelu(z);
    m[base + ${at.x[l + 1]}u + e] = each.x;
    m[base + ${at.slopes[l]}u + e] = each.y;
    m[base + ${at.curvatures[l]}u + e] = each.z;`
        : `m[base + ${at.z}u + e] = z;`
    }`,
  )}`
  }
  const back = (l: number) => {
    const [out, next] = [sizes.widths[l + 1], sizes.widths[l + 2]]
    const { w } = modelPlaces(sizes)[l + 1]
    return `
  ${product('n', out, next, rows(at.g[l + 1], next), turned(rows(`model + ${w}u`, next)), rows(at.beforeSlopes[l], out))}
  ${each(`n * ${out}u`, `m[base + ${at.g[l]}u + e] = m[base + ${at.beforeSlopes[l]}u + e] * m[base + ${at.slopes[l]}u + e];`)}`
  }
  const layers = Array.from({ length: depth }, (_, l) => l)
  return `
fn learn(model: u32, n: u32) {
  ${layers.map(layer).join('')}
  ${each(
    'n',
    `
    let row = e * D;
    standardize(${at.z}u + row, ${at.unit}u + row, ${at.inverse}u + e);
    for (var c = 0u; c < D; c++) {
      let weight = m[base + ${at.scale}u + c];
      let wanted = m[base + ${at.v}u + row + c] - m[base + ${at.k}u + row + c];
      let missing = m[base + ${at.unit}u + row + c] * weight + m[base + ${at.shift}u + c] - wanted;
      m[base + ${at.error}u + row + c] = missing;
      m[base + ${at.along}u + row + c] = missing * weight;
    }
    project(${at.along}u + row, ${at.unit}u + row, m[base + ${at.inverse}u + e], ${at.g[depth - 1]}u + row);`,
  )}
  ${layers.slice(0, -1).toReversed().map(back).join('')}
  ${layers
    .map((l) =>
      each(
        `n * ${sizes.widths[l + 1]}u`,
        `m[base + ${at.p[l]}u + e] = m[base + ${at.g[l]}u + e] * m[base + ${at.rates}u + e / ${sizes.widths[l + 1]}u];`,
      ),
    ) // prettier-ignore
    .join('\n')}
}`
}

/** The products of rows a and b [n, n] where a row sees a column, with something added, else 0. */
export const causal = (n: number, width: number, a: number, b: number, one: string, to: number): string =>
  `${product('n', 'n', width, rows(a, width), turned(rows(b, width)), rows(to, n))}
  ${each('n * n', `let at = base + ${to}u + e / n * ${n}u + e % n; m[at] = select(0.0, m[at] + ${one}, e % n <= e / n);`)}`

/** `answer(model, n, place, withSums)`, after `learn`: the queries' part, up to LayerNorm without its scale. */
export function answerCode(sizes: TttSizes, at: ReadingPlaces): string {
  const depth = depthOf(sizes)
  const layer = (l: number) => {
    const [into, out] = [sizes.widths[l], sizes.widths[l + 1]]
    const { w, b } = modelPlaces(sizes)[l]
    return `
  ${causal(sizes.miniBatch, into, at.xHat[l], at.x[l], '1.0', at.seen[l])}
  ${product('n', out, 'n', rows(at.seen[l], sizes.miniBatch), rows(at.p[l], out), rows(at.u[l], out))}
  if (withSums) {
    ${product('n', out, into, rows(at.xHat[l], into), rows(at.sums + w, out), rows(at.u[l], out), true)}
    ${each(`n * ${out}u`, `m[base + ${at.u[l]}u + e] += m[base + ${at.sums + b}u + e % ${out}u];`)}
  }
  ${product('n', out, into, rows(at.xHat[l], into), rows(`model + ${w}u`, out), rows(at.z, out))}
  ${each(
    `n * ${out}u`,
    `let z = m[base + ${at.z}u + e] + m[base + model + ${b}u + e % ${out}u] - m[base + ${at.factors}u + place + e / ${out}u] * m[base + ${at.u[l]}u + e];
    ${
      l < depth - 1
        ? `let each = gelu(z);
    m[base + ${at.xHat[l + 1]}u + e] = each.x;
    m[base + ${at.slopesHat[l]}u + e] = each.y;`
        : `m[base + ${at.z}u + e] = z;`
    }`,
  )}`
  }
  return `
fn answer(model: u32, n: u32, place: u32, withSums: bool) {
  ${Array.from({ length: depth }, (_, l) => layer(l)).join('')}
  ${each('n', `standardize(${at.z}u + e * D, ${at.unitHat}u + e * D, ${at.inverseHat}u + e);`)}
}`
}

/** `moveWeights(model, n)`: by these tokens' steps, as the end of a full mini-batch does; p is lost. */
export function moveCode(sizes: TttSizes, at: ReadingPlaces): string {
  const layers = Array.from({ length: depthOf(sizes) }, (_, l) => l)
  return `
fn moveWeights(model: u32, n: u32) {
  let last = m[base + ${at.factors + sizes.miniBatch - 1}u];
  ${layers
    .map(
      (l) => `${each(`n * ${sizes.widths[l + 1]}u`, `m[base + ${at.p[l]}u + e] *= -last;`)}
  ${addProducts(sizes, l, at.x[l], at.p[l], 'model')}`,
    ) // prettier-ignore
    .join('\n')}
}`
}
