import type { Places } from '../task-memory/places'
import { block, each, value } from '../task-memory/wgsl'
import {
  addToFirst,
  addToSecond,
  fromHidden,
  fromHiddenBack,
  placesIn,
  toHidden,
  toHiddenBack,
  type NetworkPlaces,
} from './wgsl-network'
import { weightValues, type TitansSizes } from './wgsl-sizes'

/** Cotangents carried from epoch to epoch, and of a block's tokens; `along` are changes along a direction. */
export function backPlaces(sizes: TitansSizes, places: Places) {
  const { width, hidden } = sizes
  return {
    dW: places.take(weightValues(sizes)),
    dS: places.take(weightValues(sizes)),
    dG: places.take(weightValues(sizes)),
    dSums: places.take(2),
    beforeAlong: places.take(block * hidden),
    hiddenAlong: places.take(block * hidden),
    backAlong: places.take(block * hidden),
    outAlong: places.take(block * width),
    dYAlong: places.take(block * width),
    /** Changes of factors beside themselves. */
    factorsAlong: places.take(block),
    dX: places.take(block * width),
    dRate: places.take(block),
  }
}
export type BackwardPlaces = NetworkPlaces & ReturnType<typeof backPlaces>

/**
 * `recallBack(model, to, n)`: from dY to dX and the weights' gradients.
 *
 * `learnBack(model, to, n)`: the gradient of ⟨dG, what learn adds up⟩. That is the derivative along dG of the weighted loss,
 * so its gradients are the derivatives along dG of the loss's gradients: a forward and a backward pass with the change along
 * dG beside everything.
 */
export function goBackCode(sizes: TitansSizes, at: BackwardPlaces): string {
  const model = placesIn(sizes, 'model')
  const to = placesIn(sizes, 'to')
  const u = placesIn(sizes, at.dG)
  return `
fn recallBack(model: u32, to: u32, n: u32) {
  recall(model, n);
  ${each('n * D', `${value(at.dX)} = ${value(at.dY)};`)}
  addGradients(model, to, n);
  ${toHiddenBack(sizes, at.back, model.w1, at.dX)}
}
fn learnBack(model: u32, to: u32, n: u32) {
  recall(model, n);
  ${toHidden(sizes, at.x, u.w1, at.beforeAlong)}
  ${each('n * H', `${value(at.hiddenAlong)} = gelu(${value(at.before)}).y * ${value(at.beforeAlong)};`)}
  ${fromHidden(sizes, at.hiddenAlong, model.w2, at.outAlong)}
  ${fromHidden(sizes, at.hidden, u.w2, at.outAlong, true)}
  ${each('n', 'lossAlong(model, e);')}
  ${each(
    'D',
    `for (var i = e; i < n * D; i += D) {
      m[base + to + e] += ${value(at.dYAlong, 'i')} * ${value(at.out, 'i')} + ${value(at.dY, 'i')} * ${value(at.outAlong, 'i')};
    }`,
  )}
  ${each(
    'n * D',
    `
    let row = e / D;
    let scale = m[base + model + e % D] + 1.0;
    let given = ${value(at.dY)} * scale;
    let givenAlong = ${value(at.dYAlong)} * scale + ${value(at.dY)} * ${value(at.dG, 'e % D')};
    let means = vec4f(${[0, 1, 2, 3].map((i) => value(at.means, `4u * row + ${i}u`))});
    let inner = given - means.x - ${value(at.out)} * means.y;
    let innerAlong = givenAlong - means.z - ${value(at.outAlong)} * means.y - ${value(at.out)} * means.w;
    let factor = ${value(at.factors, 'row')};
    ${value(at.out)} = factor * inner;
    ${value(at.outAlong)} = factor * (innerAlong + ${value(at.factorsAlong, 'row')} * inner);`,
  )}
  ${fromHiddenBack(sizes, at.out, model.w2, at.back)}
  ${fromHiddenBack(sizes, at.outAlong, model.w2, at.backAlong)}
  ${fromHiddenBack(sizes, at.out, u.w2, at.backAlong, true)}
  ${addToSecond(sizes, at.hiddenAlong, at.out, to.w2)}
  ${addToSecond(sizes, at.hidden, at.outAlong, to.w2)}
  ${each(
    'n * H',
    `
    let a = gelu(${value(at.before)});
    let d = ${value(at.back)};
    ${value(at.back)} = d * a.y;
    ${value(at.backAlong)} = ${value(at.backAlong)} * a.y + d * a.z * ${value(at.beforeAlong)};`,
  )}
  ${addToFirst(sizes, at.x, at.backAlong, to.w1)}
  ${each('n * D', `${value(at.dX)} = ${value(at.dYAlong)};`)}
  ${toHiddenBack(sizes, at.backAlong, model.w1, at.dX)}
  ${toHiddenBack(sizes, at.back, u.w1, at.dX)}
}
/** A row's dY and its change, the change of what LayerNorm gives in place of that of what it gets, means, and the rate's gradient. */
fn lossAlong(model: u32, row: u32) {
  let first = row * D;
  let factor = ${value(at.factors, 'row')};
  let turned = dotOf(${at.out}u + first, ${at.outAlong}u + first, D) / f32(D);
  var sum = 0.0;
  for (var c = first; c < first + D; c++) { sum += ${value(at.outAlong, 'c')}; }
  let mean = sum / f32(D);
  let share = 2.0 / f32(D) * ${value(at.rate, 'row')};
  var loss = 0.0;
  var sums = vec4f(0.0);
  for (var i = 0u; i < D; i++) {
    let c = first + i;
    let scale = m[base + model + i] + 1.0;
    let scaleAlong = ${value(at.dG, 'i')};
    let normal = ${value(at.out, 'c')};
    let normalAlong = factor * (${value(at.outAlong, 'c')} - mean - normal * turned);
    let missing = normal * scale + ${value(at.x, 'c')} - ${value(at.v, 'c')};
    let missingAlong = normalAlong * scale + normal * scaleAlong;
    let d = share * missing;
    let dAlong = share * missingAlong;
    let given = d * scale;
    let givenAlong = dAlong * scale + d * scaleAlong;
    loss += missing * missingAlong;
    sums += vec4f(given, given * normal, givenAlong, givenAlong * normal + given * normalAlong);
    ${value(at.outAlong, 'c')} = normalAlong;
    ${value(at.dY, 'c')} = d;
    ${value(at.dYAlong, 'c')} = dAlong;
  }
  ${value(at.dRate, 'row')} = 2.0 / f32(D) * loss;
  ${value(at.factorsAlong, 'row')} = -factor * turned;
  sums /= f32(D);
  ${['x', 'y', 'z', 'w'].map((part, i) => `${value(at.means, `4u * row + ${i}u`)} = sums.${part};`).join('\n  ')}
}`
}
