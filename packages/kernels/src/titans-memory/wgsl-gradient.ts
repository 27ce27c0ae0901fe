import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { cotangentOf, gradientOf, openedCall, type TokenColumn } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { startCode, startsOf, walkCode } from '../task-memory/starts'
import { each, forBlocks, taskMain, value } from '../task-memory/wgsl'
import { backPlaces, goBackCode } from './wgsl-backward'
import { addLogits, gather, gatherKeys, networkCode, networkPlaces } from './wgsl-network'
import {
  attributesOf,
  carriedFields,
  parametersOf,
  rowOf,
  titansSizes,
  tokenColumns,
  weightValues,
  type TitansSizes,
} from './wgsl-sizes'

/** From the last epoch to the first, from the weights and surprises of its start. */
export function gradientKernel(sizes: TitansSizes, mostBytes: number) {
  const { batch: tasks, length, width: d, hidden: h, chunk } = sizes
  const places = new Places()
  const network = networkPlaces(sizes, places)
  const at = { ...network, ...backPlaces(sizes, places) }
  const size = weightValues(sizes)
  const epochs = 1 + Math.floor((chunk - 1 + length) / chunk)
  const given = { g: places.take(size), sums: places.take(2), gates: places.take(2 * epochs) }
  const kept = startsOf(epochs, 2 * size * tasks, mostBytes)
  const starts = places.take(kept.held * 2 * size)
  const atStart = sizes.gradientsAtStart !== 0
  // Where all gradients are taken at the weights given, those that the first start begins with, theirs are apart.
  const dGiven = atStart ? places.take(size) : at.dW
  const learnsFrom = (model: string) => (atStart ? `${starts}u` : model)
  const made = rowOf(sizes)
  const row = made + d
  const put = (width: string, column: string, of: string) =>
    each(
      `n * ${width}`,
      `made[(task * length + start + e / ${width}) * ${made}u + ${column} + e % ${width}] = ${of};`,
    )
  const kernel: GpuKernel = {
    name: `Titans, gradient, ${d} by ${h} ${atStart}, of ${kept.kept} starts in ${kept.stride} of ${epochs}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', made: 'f32' },
    code: `
${networkCode(sizes, network)}
${goBackCode(sizes, at)}
${startCode(kept, starts, 2 * size)}
${taskMain(
  places.all,
  `
  let length = param(0);
  let open = u32(max(position[task], 0)) % param(1);
  let count = 1u + (open + length) / param(1);
  ${atStart ? each(size, `${value(dGiven)} = 0.0;`) : ''}
  ${walkCode(kept, {
    enter: `
    let first = firstToken(index, open);
    let end = endToken(index, open);`,
    find: `
      let before = startOf(index);
      ${each(size, `${value(at.g)} = select(0.0, ${value(given.g)}, index == 0u);`)}
      ${forBlocks('first', 'end', `${gatherKeys(at, row)} learn(${learnsFrom('before')}, n);`)}
      var sums = select(vec2f(0.0), vec2f(${value(given.sums, '0u')}, ${value(given.sums, '1u')}), index == 0u);
      ${addLogits('first', 'end', row)}
      let gates = gatesOf(sums);
      if (thread == 0u) {
        ${value(given.gates, '2u * index')} = gates.x;
        ${value(given.gates, '2u * index + 1u')} = gates.y;
      }
      ${each(
        size,
        `
        let next = gates.x * m[base + before + ${size}u + e] - ${value(at.g)};
        m[base + model + ${size}u + e] = next;
        m[base + model + e] = (1.0 - gates.y) * m[base + before + e] + next;`,
      )}`,
    back: `
    if (index + 1u < count) {
      // Back through the update that the next epoch began with.
      let gates = vec2f(${value(given.gates, '2u * index')}, ${value(given.gates, '2u * index + 1u')});
      var along = vec2f(0.0);
      for (var e = thread; e < ${size}u; e += WG) {
        let d = ${value(at.dW)};
        let next = ${value(at.dS)} + d;
        along += vec2f(next * m[base + model + ${size}u + e], -d * m[base + model + e]);
        ${value(at.dG)} = -next;
        ${value(at.dS)} = gates.x * next;
        ${value(at.dW)} = (1.0 - gates.y) * d;
      }
      let whole = vec2f(total(along.x, thread), total(along.y, thread)) * gates * (1.0 - gates) / f32(param(1));
      if (thread == 0u) { ${value(at.dSums, '0u')} = whole.x; ${value(at.dSums, '1u')} = whole.y; }
      storageBarrier();
    }
    ${forBlocks(
      'firstQuery(index, open)',
      'endQuery(index, open)',
      `${gather(at.x, 'D', '0u', row)}
      ${gather(at.dY, 'D', `${made}u`, row)}
      recallBack(model, ${at.dW}u, n);
      ${put('D', '0u', value(at.dX))}`,
    )}
    ${forBlocks(
      'first',
      'end',
      `${gatherKeys(at, row)}
      learnBack(${learnsFrom('model')}, ${dGiven}u, n);
      ${put('D', 'D', value(at.dX))}
      ${put('D', '2u * D', `-${value(at.dYAlong)}`)}
      ${put('1u', '3u * D', value(at.dRate))}
      ${put('2u', '3u * D + 1u', value(at.dSums, 'e % 2u'))}`,
    )}`,
  })}
  ${atStart ? each(size, `${value(at.dW)} += ${value(dGiven)};`) : ''}`,
)}`,
  }
  return {
    kernel,
    brought: carriedFields(sizes, { w: starts, s: starts + size, g: given.g, sums: given.sums }),
    slopes: carriedFields(sizes, { w: at.dW, s: at.dS, g: at.dG, sums: at.dSums }),
    values: places.all,
    row,
    made,
  }
}

export const gradient: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = titansSizes(shapes, attributesOf(call.attributes))
  const { kernel, brought, slopes, made, ...memory } = gradientKernel(sizes, call.backend.mostBound)
  const tasks = open(sizes, memory)
  const columns = tokenColumns(sizes.width)
  tasks.bringTokens([...columns, [cotangentOf('y'), sizes.width, made] satisfies TokenColumn])
  tasks.bring(brought)
  tasks.bring(slopes, cotangentOf)
  const ofTokens = tasks.rows(made)
  tasks.run(kernel, ofTokens, parametersOf(sizes))
  tasks.fetchTokens(columns, ofTokens, made, gradientOf)
  tasks.fetch(slopes, gradientOf)
  return tasks.results()
}
