import { block, each, product, rows, taskCode, turned, value } from '../task-memory/wgsl'
import type { Places } from '../task-memory/places'
import { normValues, weightValues, type LactSizes } from './wgsl-sizes'

export function networkPlaces(sizes: LactSizes, places: Places) {
  const { width, hidden } = sizes
  const weights = 3 * weightValues(sizes)
  return {
    g: places.take(weights),
    norms: places.take(normValues(sizes)),
    /** What an epoch reads with. */
    reading: places.take(weights),
    q: places.take(block * width),
    k: places.take(block * width),
    v: places.take(block * width),
    lr: places.take(block * 3),
    gate: places.take(block * hidden),
    up: places.take(block * hidden),
    back: places.take(block * hidden),
  }
}
export type NetworkPlaces = ReturnType<typeof networkPlaces>

/** `gate`, `up` [n, H] of rows, and `back` of others with w1. */
export const toHidden = (sizes: LactSizes, model: string, x: number, gate: number, up: number): string => {
  const { width: d, hidden: h } = sizes
  const w2 = `${model} + ${2 * weightValues(sizes)}u`
  return `
  ${product('n', h, d, rows(x, d), turned(rows(model, d)), rows(gate, h))}
  ${product('n', h, d, rows(x, d), turned(rows(w2, d)), rows(up, h))}`
}
export const toHiddenBack = (sizes: LactSizes, model: string, x: number, back: number): string => {
  const { width: d, hidden: h } = sizes
  return product('n', h, d, rows(x, d), rows(`${model} + ${weightValues(sizes)}u`, h), rows(back, h))
}

/** Three matrices at `to` += zᵀ x, yᵀ hidden, z2ᵀ x. */
export const addOuter = (
  sizes: LactSizes,
  to: number,
  of: { z: number; x: number; y: number; hidden: number; z2: number },
): string => {
  const { width: d, hidden: h } = sizes
  const size = weightValues(sizes)
  return `
  ${product(h, d, 'n', turned(rows(of.z, h)), rows(of.x, d), rows(to, d), true)}
  ${product(d, h, 'n', turned(rows(of.y, d)), rows(of.hidden, h), rows(to + size, h), true)}
  ${product(h, d, 'n', turned(rows(of.z2, h)), rows(of.x, d), rows(to + 2 * size, d), true)}`
}

/** How tokens lie in chunks: epoch 0 has the weights that are given, each next one updated ones. */
const epochs = ({ chunk, preNorm }: LactSizes) => `
const C = ${chunk}u;
struct Epochs { length: u32, open: u32, updated: bool, count: u32 }
fn epochsFrom(position: i32, length: u32) -> Epochs {
  let before = u32(max(position, 0));
  let updates = max(1u, (before + C - 1u) / C) - 1u;
  let open = before - updates * C;
  let first = C - open;
  return Epochs(length, open, updates > 0u, 1u + (max(length, first) - first + C - 1u) / C);
}
fn firstOf(epochs: Epochs, epoch: u32) -> u32 {
  return min(epochs.length, select(epoch * C - epochs.open, 0u, epoch == 0u));
}
/** Whether what is read are rescaled weights. */
fn rescales(epochs: Epochs, epoch: u32) -> bool { return epoch > 0u${preNorm ? ' || epochs.updated' : ''}; }`

/** What both kernels have: epochs, the gate's function, rows at their norms, what an epoch reads with, and its gradients. */
export const networkCode = (sizes: LactSizes, at: NetworkPlaces): string => {
  const { width, hidden } = sizes
  const size = weightValues(sizes)
  return `
const D = ${width}u;
const H = ${hidden}u;
${taskCode}
${epochs(sizes)}
/** silu, its slope and its bend. */
fn silu(x: f32) -> vec3f {
  let s = 1.0 / (1.0 + exp(-x));
  return vec3f(x * s, s * (1.0 + x * (1.0 - s)), s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)));
}
/** Of a row of one of the three matrices: where it begins from the first one on, and how long it is. */
fn rowAt(row: u32) -> vec2u {
  if (row < H) { return vec2u(row * D, D); }
  if (row < H + D) { return vec2u(${size}u + (row - H) * H, H); }
  return vec2u(${2 * size}u + (row - H - D) * D, D);
}
fn toReading(model: u32, rescaled: bool) {
  if (rescaled) {
    for (var row = thread; row < 2u * H + D; row += WG) {
      let at = rowAt(row);
      let factor = ${value(at.norms, 'row')} / (sqrt(dotOf(model + at.x, model + at.x, at.y)) + 1e-5);
      for (var c = 0u; c < at.y; c++) { ${value(at.reading, 'at.x + c')} = m[base + model + at.x + c] * factor; }
    }
    storageBarrier();
  } else {
    ${each(3 * size, `${value(at.reading)} = m[base + model + e];`)}
  }
}
fn addGradients(n: u32) {
  ${toHidden(sizes, `${at.reading}u`, at.k, at.gate, at.up)}
  ${toHiddenBack(sizes, `${at.reading}u`, at.v, at.back)}
  ${each(
    'n * H',
    `
    let a = silu(${value(at.gate)});
    let of_up = ${value(at.up)};
    let of_hidden = ${value(at.back)};
    let row = 3u * (e / H);
    ${value(at.gate)} = ${value(at.lr, 'row')} * of_hidden * of_up * a.y;
    ${value(at.up)} = ${value(at.lr, 'row + 1u')} * a.x * of_up;
    ${value(at.back)} = ${value(at.lr, 'row + 2u')} * of_hidden * a.x;`,
  )}
  ${addOuter(sizes, at.g, { z: at.gate, x: at.k, y: at.v, hidden: at.up, z2: at.back })}
}`
}

/** From the first token of an epoch to behind its last. */
export const tokensOfEpoch = 'let first = firstOf(epochs, epoch); let end = firstOf(epochs, epoch + 1u);'
/** Copies the block of tokens from `start` on, n of them. @param row of a token's values */
export const gatherCode = (at: Pick<NetworkPlaces, 'q' | 'k' | 'v' | 'lr'>, row: number): string =>
  `let from_ = (task * epochs.length + start) * ${row}u;
  ${each(
    'n * D',
    `
    let given = from_ + e / D * ${row}u + e % D;
    m[base + ${at.q}u + e] = tokens[given];
    m[base + ${at.k}u + e] = tokens[given + D];
    m[base + ${at.v}u + e] = tokens[given + 2u * D];`,
  )}
  ${each('n * 3u', `m[base + ${at.lr}u + e] = tokens[from_ + e / 3u * ${row}u + 3u * D + e % 3u];`)}`

/** Adds up the momenta of an epoch's tokens in `sum`, in every thread. */
export const sumMomenta = (row: number): string =>
  `for (var t = first; t < end; t++) { sum += tokens[(task * epochs.length + t) * ${row}u + 3u * D + 3u]; }`
