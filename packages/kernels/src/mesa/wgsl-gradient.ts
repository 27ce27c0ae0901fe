import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { cotangentOf, gradientOf, openedCall, type TokenColumn } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { startCode, startsOf, walkCode } from '../task-memory/starts'
import { each, product, rows, taskMain, turned, value } from '../task-memory/wgsl'
import {
  lambdaField,
  mesaSizes,
  rowOf,
  sumFields,
  sumValues,
  tokenColumns,
  type MesaSizes,
} from './wgsl-sizes'
import { addToken, gatherToken, solveCode, sumPlaces, tokenPlaces } from './wgsl-sums'

/**
 * From the last token to the first, from the sums before it. Implicitly: with x the solution for q and e that for Hkv d_o,
 * grad_q = e, grad_λ = −Σ e ⊙ x, and a token's own sums have the slopes −e xᵀ and x d_oᵀ. These, R, run backwards as the
 * sums run forwards.
 */
export function gradientKernel(sizes: MesaSizes, mostBytes: number) {
  const { batch, heads, length, depth, width } = sizes
  const places = new Places()
  const made = rowOf(sizes)
  const row = made + width
  const at = sumPlaces(sizes, places, row)
  const size = sumValues(sizes)
  const ofKeys = depth * depth
  const [after, slopes] = [places.take(size), places.take(size)]
  const [e, along, right] = [0, 1, 2].map(() => places.take(depth))
  const dLambda = places.take(depth)
  const kept = startsOf(length, size * batch * heads, mostBytes)
  const starts = places.take(kept.held * size)
  const token = tokenPlaces(sizes, at)
  const dO = at.token + made
  const put = (column: number, index = 'e') => `made[to + ${column}u + ${index}]`
  const kernel: GpuKernel = {
    name: `Mesa, gradient, ${depth} by ${width}, of ${kept.kept} starts in ${kept.stride}`,
    inputs: { tokens: 'f32' },
    outputs: { m: 'f32', made: 'f32' },
    code: `
${solveCode(sizes, at)}
${startCode(kept, starts, size)}
${taskMain(
  places.all,
  `
  let count = param(0);
  ${each(depth, `${value(dLambda)} = 0.0;`)}
  ${walkCode(kept, {
    enter: `
    let t = index;
    let before = startOf(index);
    let reached = select(${after}u, model, finding);
    ${gatherToken(at, row)}
    ${addToken(sizes, at, 'before', 'reached')}`,
    find: '',
    back: `
    let to = (task * param(0) + t) * ${made}u;
    solve(${after}u, ${token.q}u, ${at.x}u);
    ${product(depth, 1, width, rows(after + ofKeys, width), rows(dO, 1), rows(right, 1))}
    solve(${after}u, ${right}u, ${e}u);
    ${each(
      size,
      `
      if (e < ${ofKeys}u) { ${value(slopes)} -= ${value(e, 'e / K')} * ${value(at.x, 'e % K')}; }
      else { ${value(slopes)} += ${value(at.x, `(e - ${ofKeys}u) / ${width}u`)} * ${value(dO, `(e - ${ofKeys}u) % ${width}u`)}; }`,
    )}
    ${product(depth, 1, depth, rows(slopes, depth), rows(token.k, 1), rows(right, 1))}
    ${product(depth, 1, width, rows(slopes + ofKeys, width), rows(token.v, 1), rows(right, 1), true)}
    ${product(depth, 1, depth, turned(rows(slopes, depth)), rows(token.k, 1), rows(along, 1))}
    let weight = ${token.beta};
    ${each(
      depth,
      `
      ${value(dLambda)} -= ${value(e)} * ${value(at.x)};
      ${put(0)} = ${value(e)};
      ${put(depth)} = weight * (${value(right)} + ${value(along)});`,
    )}
    ${each(
      width,
      `
      var sum = 0.0;
      for (var i = 0u; i < K; i++) { sum += ${value(token.k, 'i')} * ${value(slopes + ofKeys, `i * ${width}u + e`)}; }
      ${put(2 * depth)} = weight * sum;`,
    )}
    let ofWeight = inner(${token.k}u, ${right}u);
    let decay = ${token.decay};
    var kept = 0.0;
    for (var e = thread; e < ${size}u; e += WG) {
      kept += ${value(slopes)} * m[base + model + e];
      ${value(slopes)} *= decay;
    }
    let ofDecay = decay * total(kept, thread);
    if (thread == 0u) {
      ${put(2 * depth + width, '0u')} = ofDecay;
      ${put(2 * depth + width + 1, '0u')} = ofWeight;
    }
    storageBarrier();`,
  })}`,
)}`,
  }
  return {
    kernel,
    brought: [lambdaField(sizes, at.lambda), ...sumFields(sizes, starts)],
    slopes: sumFields(sizes, slopes),
    dLambda: lambdaField(sizes, dLambda),
    values: places.all,
    row,
    made,
  }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = mesaSizes(shapes)
  const { kernel, brought, slopes, dLambda, made, ...memory } = gradientKernel(sizes, call.backend.mostBound)
  const tasks = open(sizes, memory)
  const columns = tokenColumns(sizes)
  tasks.bringTokens([...columns, [cotangentOf('o'), sizes.width, made] satisfies TokenColumn])
  tasks.bring(brought)
  tasks.bring(slopes, cotangentOf)
  const ofTokens = tasks.rows(made)
  tasks.run(kernel, ofTokens)
  tasks.fetchTokens(columns, ofTokens, made, gradientOf)
  tasks.fetch([dLambda, ...slopes], gradientOf)
  return tasks.results()
}
