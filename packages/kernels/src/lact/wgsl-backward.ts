import type { Places } from '../task-memory/places'
import { block, each, product, rows, turned, value } from '../task-memory/wgsl'
import { addOuter, toHidden, toHiddenBack, type NetworkPlaces } from './wgsl-network'
import { normValues, weightValues, type LactSizes } from './wgsl-sizes'

/** Cotangents: of a block's tokens and, carried from epoch to epoch, of weights, momenta, sums and norms. */
export function backPlaces(sizes: LactSizes, places: Places) {
  const { width, hidden } = sizes
  const weights = 3 * weightValues(sizes)
  return {
    dW: places.take(weights),
    dM: places.take(weights),
    dG: places.take(weights),
    dReading: places.take(weights),
    dNorms: places.take(normValues(sizes)),
    dSum: places.take(1),
    dY: places.take(block * width),
    dQ: places.take(block * width),
    dK: places.take(block * width),
    dV: places.take(block * width),
    dLr: places.take(block * 3),
    a0: places.take(block * hidden),
    a1: places.take(block * hidden),
    a2: places.take(block * hidden),
  }
}
export type BackwardPlaces = NetworkPlaces & ReturnType<typeof backPlaces>

/** to [n, D] (+)= z · w0, or with w2 for w0. */
const fromHidden = ({ width: d, hidden: h }: LactSizes, z: number, w: number, to: number, add: boolean) =>
  product('n', d, h, rows(z, h), rows(w, d), rows(to, d), add)
/** to [n, D] (+)= z · w1ᵀ */
const fromHiddenBack = (
  { width: d, hidden: h }: LactSizes,
  z: number,
  w1: number,
  to: number,
  add: boolean,
) => product('n', d, h, rows(z, h), turned(rows(w1, h)), rows(to, d), add)

/** `goBack(n)`: through n tokens that are read with `reading`, into their cotangents, `dReading` and the rates'. */
export function goBackCode(sizes: LactSizes, at: BackwardPlaces): string {
  const size = weightValues(sizes)
  const read = at.reading
  return `
fn goBack(n: u32) {
  // y = f(q)
  ${toHidden(sizes, `${read}u`, at.q, at.gate, at.up)}
  ${toHiddenBack(sizes, `${read}u`, at.dY, at.back)}
  ${each(
    'n * H',
    `
    let a = silu(${value(at.gate)});
    let u = ${value(at.up)};
    let d = ${value(at.back)};
    ${value(at.gate)} = d * u * a.y;
    ${value(at.up)} = d * a.x;
    ${value(at.back)} = a.x * u;`,
  )}
  ${addOuter(sizes, at.dReading, { z: at.gate, x: at.q, y: at.dY, hidden: at.back, z2: at.up })}
  ${fromHidden(sizes, at.gate, read, at.dQ, false)}
  ${fromHidden(sizes, at.up, read + 2 * size, at.dQ, true)}

  // The weighted gradients: with A the products of their cotangents with what they sum up, B = rate ⊙ A.
  ${toHidden(sizes, `${read}u`, at.k, at.gate, at.up)}
  ${toHiddenBack(sizes, `${read}u`, at.v, at.back)}
  ${toHidden(sizes, `${at.dG}u`, at.k, at.a0, at.a2)}
  ${toHiddenBack(sizes, `${at.dG}u`, at.v, at.a1)}
  ${each(
    'n',
    `
    var sums = vec3f(0.0);
    let rates = vec3f(${value(at.lr, '3u * e')}, ${value(at.lr, '3u * e + 1u')}, ${value(at.lr, '3u * e + 2u')});
    for (var i = e * H; i < (e + 1u) * H; i++) {
      let a = silu(${value(at.gate, 'i')});
      let u = ${value(at.up, 'i')};
      let d = ${value(at.back, 'i')};
      let given = vec3f(${value(at.a0, 'i')}, ${value(at.a1, 'i')}, ${value(at.a2, 'i')});
      let p = vec3f(d * u * a.y, a.x * u, d * a.x);
      sums += given * p;
      let b = rates * given;
      ${value(at.gate, 'i')} = (b.y * u + b.z * d) * a.y + b.x * d * u * a.z;
      ${value(at.up, 'i')} = b.y * a.x + b.x * d * a.y;
      ${value(at.back, 'i')} = b.x * u * a.y + b.z * a.x;
      ${value(at.a0, 'i')} = rates.x * p.x;
      ${value(at.a1, 'i')} = rates.y * p.y;
      ${value(at.a2, 'i')} = rates.z * p.z;
    }
    ${value(at.dLr, '3u * e')} = sums.x;
    ${value(at.dLr, '3u * e + 1u')} = sums.y;
    ${value(at.dLr, '3u * e + 2u')} = sums.z;`,
  )}
  ${addOuter(sizes, at.dReading, { z: at.gate, x: at.k, y: at.v, hidden: at.back, z2: at.up })}
  ${fromHiddenBack(sizes, at.a1, at.dG + size, at.dV, false)}
  ${fromHiddenBack(sizes, at.back, read + size, at.dV, true)}
  ${fromHidden(sizes, at.a0, at.dG, at.dK, false)}
  ${fromHidden(sizes, at.a2, at.dG + 2 * size, at.dK, true)}
  ${fromHidden(sizes, at.gate, read, at.dK, true)}
  ${fromHidden(sizes, at.up, read + 2 * size, at.dK, true)}
}`
}

/** `throughReading(model, rescaled)`: from `dReading` to the weights that stand at `model`, and to the norms. */
export function rescaleBackCode(sizes: LactSizes, at: BackwardPlaces): string {
  const { preNorm } = sizes
  const before = (index: string) => (preNorm ? `${value(at.dW, index)} + ` : '')
  return `
fn throughReading(model: u32, rescaled: bool) {
  if (rescaled) {
    for (var row = thread; row < 2u * H + D; row += WG) {
      let place = rowAt(row);
      let weights = model + place.x;
      let norm = sqrt(dotOf(weights, weights, place.y));
      let divisor = norm + 1e-5;
      let along = dotOf(weights, ${at.dReading}u + place.x, place.y) / divisor;
      ${value(at.dNorms, 'row')} += along;
      let wanted = ${value(at.norms, 'row')};
      var inward = 0.0;
      if (norm > 0.0) { inward = wanted * along / (divisor * norm); }
      for (var c = place.x; c < place.x + place.y; c++) {
        ${value(at.dW, 'c')} = ${before('c')}wanted / divisor * ${value(at.dReading, 'c')} - inward * m[base + model + c];
      }
    }
    storageBarrier();
  } else {
    ${each(3 * weightValues(sizes), `${value(at.dW)} = ${before('e')}${value(at.dReading)};`)}
  }
}`
}
