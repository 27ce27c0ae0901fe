import { limited, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, forBlocks, taskMain, value } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
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

/** Reads all tokens of a head, chunk after chunk. */
function readKernel(sizes: TitansSizes) {
  const places = new Places()
  const at = networkPlaces(sizes, places)
  const size = weightValues(sizes)
  const [w, s] = [places.take(size), places.take(size)]
  const logits = places.take(2)
  const atStart = sizes.gradientsAtStart !== 0
  const given = atStart ? places.take(size) : w
  const row = rowOf(sizes)
  const kernel: GpuKernel = {
    name: `Titans, reading, ${sizes.width} by ${sizes.hidden} ${atStart}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', y: 'f32' },
    code: `
${networkCode(sizes, at)}
${taskMain(
  places.all,
  `
  let length = param(0);
  let open = u32(max(position[task], 0)) % param(1);
  var sums = vec2f(${value(logits, '0u')}, ${value(logits, '1u')});
  ${atStart ? each(size, `${value(given)} = ${value(w)};`) : ''}
  for (var epoch = 0u; epoch <= (open + length) / param(1); epoch++) {
    if (epoch > 0u) {
      let gates = gatesOf(sums);
      sums = vec2f(0.0);
      ${each(
        size,
        `
        let next = gates.x * ${value(s)} - ${value(at.g)};
        ${value(s)} = next;
        ${value(w)} = (1.0 - gates.y) * ${value(w)} + next;
        ${value(at.g)} = 0.0;`,
      )}
    }
    ${forBlocks(
      'firstQuery(epoch, open)',
      'endQuery(epoch, open)',
      `${gather(at.x, 'D', '0u', row)}
      recall(${w}u, n);
      ${each('n * D', `y[(task * length + start) * D + e] = ${value(at.out)} * (${value(w, 'e % D')} + 1.0) + ${value(at.x)};`)}`,
    )}
    ${forBlocks('firstToken(epoch, open)', 'endToken(epoch, open)', `${gatherKeys(at, row)} learn(${given}u, n);`)}
    ${addLogits('firstToken(epoch, open)', 'endToken(epoch, open)', row)}
  }
  if (thread == 0u) { ${value(logits, '0u')} = sums.x; ${value(logits, '1u')} = sums.y; }`,
)}`,
  }
  return { kernel, carried: carriedFields(sizes, { w, s, g: at.g, sums: logits }), values: places.all, row }
}

const forward: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = titansSizes(shapes, attributesOf(call.attributes))
  const { kernel, carried, ...memory } = readKernel(sizes)
  const tasks = open(sizes, memory)
  tasks.bringTokens(tokenColumns(sizes.width))
  tasks.bring(carried)
  const read = tasks.rows(sizes.width)
  tasks.run(kernel, read, parametersOf(sizes))
  tasks.fetchTokens([['y', sizes.width, 0]], read, sizes.width)
  tasks.fetch(carried)
  return tasks.results()
}

export const gpuKernels = {
  TitansMemory: limited(forward, taskSupports(titansSizes, readKernel)),
  TitansMemoryGrad: limited(gradient, taskSupports(titansSizes, gradientKernel)),
}
