import type { Places } from '../task-memory/places'
import { each, product, rows, turned, value } from '../task-memory/wgsl'
import { depthOf, modelPlaces, modelValues, type TttSizes } from './wgsl-memory'
import { addProducts, causal, type ReadingPlaces } from './wgsl-steps'

/** Cotangents of a task: of a mini-batch's tokens and, carried from one to the next, of weights, sums and parameters. */
export function backwardPlaces(sizes: TttSizes, reading: ReadingPlaces, places: Places) {
  const { widths, miniBatch: n, width: d } = sizes
  const layers = widths.slice(1)
  const take = (width: number) => places.take(n * width)
  const widest = Math.max(...widths)
  const dK = take(d)
  return {
    ...reading,
    dModel: places.take(modelValues(sizes)),
    dSums: places.take(modelValues(sizes)),
    dY: take(d),
    dQ: take(d),
    dK,
    dV: take(d),
    dRates: places.take(n),
    dX: layers.map((_, l) => (l === 0 ? dK : take(widths[l]))),
    dP: layers.map(take),
    dZ: layers.map(take),
    dZHat: take(widest),
    dU: take(widest),
    dG: take(widest),
    dRows: take(widest),
    dSeen: take(n),
    ofRows: places.take(n),
    dFactors: places.take(n),
    dScale: places.take(d),
    dShift: places.take(d),
  }
}
export type BackwardPlaces = ReturnType<typeof backwardPlaces>

/** y = q + LN(ẑ) */
const fromAnswers = (at: BackwardPlaces) => `
  ${each('n * D', `${value(at.dQ)} = ${value(at.dY)}; ${value(at.dRows)} = ${value(at.dY)} * ${value(at.scale, 'e % D')};`)}
  ${each(
    'D',
    `for (var i = 0u; i < n; i++) {
      ${value(at.dScale)} += ${value(at.dY, 'i * D + e')} * ${value(at.unitHat, 'i * D + e')};
      ${value(at.dShift)} += ${value(at.dY, 'i * D + e')};
    }`,
  )}
  ${each('n', `project(${at.dRows}u + e * D, ${at.unitHat}u + e * D, ${value(at.inverseHat)}, ${at.dZHat}u + e * D);`)}`

/** ẑ = x̂ W + b − factor ⊙ (x̂ S + s + A p), and the steps' way into the sums or the next weights. */
function fromQueryLayer(sizes: TttSizes, l: number, at: BackwardPlaces): string {
  const [into, out, N] = [sizes.widths[l], sizes.widths[l + 1], sizes.miniBatch]
  const { w, b } = modelPlaces(sizes)[l]
  const size = (into + 1) * out
  const lastFactor = value(at.dFactors + N - 1, '0u')
  return `
  ${each(`n * ${out}u`, `${value(at.dU)} = -${value(at.factors, `place + e / ${out}u`)} * ${value(at.dZHat)};`)}
  ${each('n', `${value(at.dFactors, 'place + e')} -= dotOf(${at.dZHat}u + e * ${out}u, ${at.u[l]}u + e * ${out}u, ${out}u);`)}
  ${causal(N, out, at.dU, at.p[l], '0.0', at.dSeen)}
  ${product('n', out, into, rows(at.x[l], into), rows(`carried + ${w}u`, out), rows(at.dP[l], out))}
  ${each(`n * ${out}u`, `${value(at.dP[l])} += m[base + carried + ${b}u + e % ${out}u];`)}
  if (full) {
    ${each('n', `${value(at.ofRows)} = dotOf(${at.p[l]}u + e * ${out}u, ${at.dP[l]}u + e * ${out}u, ${out}u);`)}
    if (thread == 0u) { for (var i = 0u; i < n; i++) { ${lastFactor} -= ${value(at.ofRows, 'i')}; } }
    storageBarrier();
  }
  ${each(`n * ${out}u`, `${value(at.dP[l])} *= share;`)}
  ${product('n', out, 'n', turned(rows(at.seen[l], N)), rows(at.dU, out), rows(at.dP[l], out), true)}
  ${product('n', into, out, rows(at.p[l], out), turned(rows(`carried + ${w}u`, out)), rows(at.dX[l], into))}
  ${each(`n * ${into}u`, `${value(at.dX[l])} *= share;`)}
  ${product('n', into, 'n', turned(rows(at.dSeen, N)), rows(at.xHat[l], into), rows(at.dX[l], into), true)}
  ${product('n', into, out, rows(at.dZHat, out), turned(rows(`model + ${w}u`, out)), rows(at.dRows, into))}
  ${product('n', into, 'n', rows(at.dSeen, N), rows(at.x[l], into), rows(at.dRows, into), true)}
  if (withSums) {
    ${product('n', into, out, rows(at.dU, out), turned(rows(at.sums + w, out)), rows(at.dRows, into), true)}
    if (full) {
      var along = 0.0;
      for (var e = thread; e < ${size}u; e += WG) { along += ${value(at.dModel + w)} * ${value(at.sums + w)}; }
      let whole = total(along, thread);
      if (thread == 0u) { ${lastFactor} -= whole; }
      ${each(size, `${value(at.dSums + w)} = share * ${value(at.dModel + w)};`)}
    }
    ${addProducts(sizes, l, at.xHat[l], at.dU, `${at.dSums}u`)}
  }
  ${addProducts(sizes, l, at.xHat[l], at.dZHat, `${at.dModel}u`)}
  ${
    l === 0
      ? each('n * D', `${value(at.dQ)} += ${value(at.dRows)};`)
      : each(`n * ${into}u`, `${value(at.dZHat)} = ${value(at.dRows)} * ${value(at.slopesHat[l - 1])};`)
  }`
}

/** p = rate ⊙ g, and how a layer's g comes from the next one's: leaves the cotangent of the last g. */
function fromSteps(sizes: TttSizes, l: number, at: BackwardPlaces): string {
  const out = sizes.widths[l + 1]
  const { w } = modelPlaces(sizes)[l]
  return `
  ${each('n', `${value(at.dRates)} ${l === 0 ? '' : '+'}= dotOf(${at.dP[l]}u + e * ${out}u, ${at.g[l]}u + e * ${out}u, ${out}u);`)}
  ${each(`n * ${out}u`, `${value(at.dG)} = ${value(at.dP[l])} * ${value(at.rates, `e / ${out}u`)};`)}
  ${l === 0 ? '' : product('n', out, sizes.widths[l], rows(at.dRows, sizes.widths[l]), rows(`model + ${w}u`, out), rows(at.dG, out), true)}
  ${
    l === depthOf(sizes) - 1
      ? ''
      : `${each(
          `n * ${out}u`,
          `${value(at.dRows)} = ${value(at.dG)} * ${value(at.slopes[l])};
    ${value(at.dZ[l])} = ${value(at.dG)} * ${value(at.beforeSlopes[l])} * ${value(at.curvatures[l])};`,
        )}
  ${product(out, sizes.widths[l + 2], 'n', turned(rows(at.dRows, out)), rows(at.g[l + 1], sizes.widths[l + 2]), rows(at.dModel + modelPlaces(sizes)[l + 1].w, sizes.widths[l + 2]), true)}`
  }`
}

/**
 * g = (c − mean(c) − unit · mean(c ⊙ unit)) / deviation with unit = (z − mean) / deviation, c = error ⊙ scale and
 * error = unit ⊙ scale + shift − (v − k).
 */
function fromReconstruction(sizes: TttSizes, at: BackwardPlaces): string {
  const last = depthOf(sizes) - 1
  return `
  ${each(
    'n',
    `
    let row = e * D;
    let inverse = ${value(at.inverse)};
    project(${at.dG}u + row, ${at.unit}u + row, inverse, ${at.dRows}u + row);
    var ofC = 0.0;
    for (var c = 0u; c < D; c++) {
      ofC += ${value(at.error, 'row + c')} * ${value(at.scale, 'c')} * ${value(at.unit, 'row + c')};
    }
    ofC *= inverse / f32(D);
    let ofG = inverse * dotOf(${at.dG}u + row, ${at.unit}u + row, D) / f32(D);
    for (var c = 0u; c < D; c++) {
      let weight = ${value(at.scale, 'c')};
      let through = ${value(at.dRows, 'row + c')} * weight;
      ${value(at.dU, 'row + c')} = through * weight - ${value(at.dG, 'row + c')} * ofC - ${value(at.error, 'row + c')} * weight * ofG;
      ${value(at.dV, 'row + c')} = -through;
      ${value(at.dK, 'row + c')} += through;
    }
    project(${at.dU}u + row, ${at.unit}u + row, inverse, ${at.dZ[last]}u + row);
    let along = inverse * dotOf(${at.dG}u + row, ${at.g[last]}u + row, D) / f32(D);
    for (var c = 0u; c < D; c++) { ${value(at.dZ[last], 'row + c')} -= along * ${value(at.unit, 'row + c')}; }`,
  )}
  ${each(
    'D',
    `for (var i = 0u; i < n; i++) {
      let weight = ${value(at.scale)};
      let given = ${value(at.dRows, 'i * D + e')};
      ${value(at.dScale)} += given * (${value(at.error, 'i * D + e')} + weight * ${value(at.unit, 'i * D + e')});
      ${value(at.dShift)} += given * weight;
    }`,
  )}`
}

/** z = x W + b, x = gelu of the layer before. */
function fromKeyLayer(sizes: TttSizes, l: number, at: BackwardPlaces): string {
  const [into, out] = [sizes.widths[l], sizes.widths[l + 1]]
  const { w } = modelPlaces(sizes)[l]
  return `
  ${product('n', into, out, rows(at.dZ[l], out), turned(rows(`model + ${w}u`, out)), rows(at.dX[l], into), true)}
  ${addProducts(sizes, l, at.x[l], at.dZ[l], `${at.dModel}u`)}
  ${l === 0 ? '' : each(`n * ${into}u`, `${value(at.dZ[l - 1])} += ${value(at.dX[l])} * ${value(at.slopes[l - 1])};`)}`
}

/** `goBack(model, n, place, withSums)`, after `learn` and `answer`: through the tokens of one mini-batch. */
export function goBackCode(sizes: TttSizes, at: BackwardPlaces): string {
  const layers = Array.from({ length: depthOf(sizes) }, (_, l) => l)
  const backwards = layers.toReversed()
  return `
fn goBack(model: u32, n: u32, place: u32, withSums: bool) {
  let full = place + n == N;
  let carried = select(${at.dSums}u, ${at.dModel}u, full);
  let share = select(1.0, -m[base + ${at.factors + sizes.miniBatch - 1}u], full);
  ${fromAnswers(at)}
  ${backwards.map((l) => fromQueryLayer(sizes, l, at)).join('')}
  ${layers.map((l) => fromSteps(sizes, l, at)).join('')}
  ${fromReconstruction(sizes, at)}
  ${backwards.map((l) => fromKeyLayer(sizes, l, at)).join('')}
}`
}
