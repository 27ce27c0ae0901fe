import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { cotangentOf, gradientOf, openedCall, type TokenColumn } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { startCode, startsOf, walkCode } from '../task-memory/starts'
import { each, forBlocks, taskMain, value } from '../task-memory/wgsl'
import { backPlaces, goBackCode, rescaleBackCode } from './wgsl-backward'
import { gatherCode, networkCode, networkPlaces, sumMomenta, tokensOfEpoch } from './wgsl-network'
import {
  carriedFields,
  lactSizes,
  normFields,
  rowOf,
  tokenColumns,
  weightValues,
  type LactSizes,
} from './wgsl-sizes'

/** From the last epoch to the first, from the weights and momenta of its start. */
export function gradientKernel(sizes: LactSizes, mostBytes: number) {
  const { batch: tasks, length, width: d, hidden: h, chunk, preNorm } = sizes
  const places = new Places()
  const network = networkPlaces(sizes, places)
  const at = { ...network, ...backPlaces(sizes, places) }
  const weights = 3 * weightValues(sizes)
  const epochs = 1 + Math.ceil(length / chunk)
  const given = { g: places.take(weights), sum: places.take(1), means: places.take(epochs) }
  const kept = startsOf(epochs, 2 * weights * tasks, mostBytes)
  const starts = places.take(kept.held * 2 * weights)
  const row = rowOf(sizes) + d
  const made = rowOf(sizes)
  const blocks = (body: string) =>
    forBlocks(
      'first',
      'end',
      `${gatherCode(at, row)}
      ${body}`,
    )
  const kernel: GpuKernel = {
    name: `LaCT, gradient, ${d} by ${h} by ${chunk} ${preNorm}, of ${kept.kept} starts in ${kept.stride} of ${epochs}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', made: 'f32' },
    code: `
${networkCode(sizes, network)}
${goBackCode(sizes, at)}
${rescaleBackCode(sizes, at)}
${startCode(kept, starts, 2 * weights)}
${taskMain(
  places.all,
  `
  let epochs = epochsFrom(position[task], param(0));
  let count = epochs.count;
  ${walkCode(kept, {
    enter: `
    let epoch = index;
    let from_start = startOf(epoch);
    ${tokensOfEpoch}
    toReading(from_start, rescales(epochs, epoch));`,
    find: `
      ${each(weights, `${value(at.g)} = select(0.0, ${value(given.g)}, epoch == 0u);`)}
      ${blocks('addGradients(n);')}
      var sum = select(0.0, ${value(given.sum, '0u')}, epoch == 0u);
      ${sumMomenta(row)}
      let momentum = sum / f32(C);
      if (thread == 0u) { ${value(given.means, 'epoch')} = momentum; }
      ${each(
        weights,
        `
        let step = ${value(at.g)} + momentum * m[base + from_start + ${weights}u + e];
        m[base + model + e] = ${preNorm ? 'm[base + from_start + e]' : value(at.reading)} + step;
        m[base + model + ${weights}u + e] = step;`,
      )}`,
    back: `
    if (epoch + 1u < count) {
      let momentum = ${value(given.means, 'epoch')};
      var along = 0.0;
      for (var e = thread; e < ${weights}u; e += WG) {
        let step = ${value(at.dM)} + ${value(at.dW)};
        ${value(at.dG)} = step;
        ${value(at.dM)} = step * momentum;
        along += step * m[base + model + ${weights}u + e];
      }
      let whole = total(along, thread);
      if (thread == 0u) { ${value(at.dSum, '0u')} = whole / f32(C); }
      storageBarrier();
    }
    ${each(weights, `${value(at.dReading)} = ${preNorm ? '0.0' : value(at.dW)};`)}
    ${blocks(`
      ${each('n * D', `${value(at.dY)} = tokens[from_ + e / D * ${row}u + ${made}u + e % D];`)}
      goBack(n);
      ${each(
        'n * D',
        `
        let to = (task * epochs.length + start + e / D) * ${made}u + e % D;
        made[to] = ${value(at.dQ)};
        made[to + D] = ${value(at.dK)};
        made[to + 2u * D] = ${value(at.dV)};`,
      )}
      ${each(
        'n * 4u',
        `
        let to = (task * epochs.length + start + e / 4u) * ${made}u + 3u * D + e % 4u;
        if (e % 4u == 3u) { made[to] = ${value(at.dSum, '0u')}; } else { made[to] = ${value(at.dLr, 'e / 4u * 3u + e % 4u')}; }`,
      )}`)}
    throughReading(model, rescales(epochs, epoch));`,
  })}`,
)}`,
  }
  return {
    kernel,
    brought: [
      ...carriedFields(sizes, { w: starts, m: starts + weights, g: given.g, sum: given.sum }),
      ...normFields(sizes, at.norms),
    ],
    slopes: [
      ...carriedFields(sizes, { w: at.dW, m: at.dM, g: at.dG, sum: at.dSum }),
      ...normFields(sizes, at.dNorms),
    ],
    values: places.all,
    row,
    made,
  }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = lactSizes(shapes, call.attributes[0], call.attributes[1])
  const { width } = sizes
  const { kernel, brought, slopes, made, ...memory } = gradientKernel(sizes, call.backend.mostBound)
  const tasks = open(sizes, memory)
  const columns = tokenColumns(width)
  tasks.bringTokens([...columns, [cotangentOf('y'), width, made] satisfies TokenColumn])
  tasks.bring(brought)
  tasks.bring(slopes, cotangentOf)
  const ofTokens = tasks.rows(made)
  tasks.run(kernel, ofTokens)
  tasks.fetchTokens(columns, ofTokens, made, gradientOf)
  tasks.fetch(slopes, gradientOf)
  return tasks.results()
}
