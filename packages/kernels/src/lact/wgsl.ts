import type { Attributes, Shapes } from '@ttt-e2e/tensor-ops'
import { limited, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, forBlocks, product, rows, taskMain, turned } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
import { gatherCode, networkCode, networkPlaces, sumMomenta, toHidden, tokensOfEpoch } from './wgsl-network'
import {
  carriedFields,
  lactSizes,
  normFields,
  rowOf,
  tokenColumns,
  weightValues,
  type LactSizes,
} from './wgsl-sizes'

/** Reads all tokens of a head, chunk after chunk. */
function readKernel(sizes: LactSizes) {
  const { width: d, hidden: h } = sizes
  const places = new Places()
  const at = networkPlaces(sizes, places)
  const size = weightValues(sizes)
  const w = places.take(3 * size)
  const momenta = places.take(3 * size)
  const momentumSum = places.take(1)
  const row = rowOf(sizes)
  const read = `${at.reading}u`
  const kernel: GpuKernel = {
    name: `LaCT, reading, ${d} by ${h} by ${sizes.chunk} ${sizes.preNorm}`,
    inputs: { tokens: 'f32', position: 'i32' },
    outputs: { m: 'f32', y: 'f32' },
    code: `
${networkCode(sizes, at)}
${taskMain(
  places.all,
  `
  let epochs = epochsFrom(position[task], param(0));
  var sum = m[base + ${momentumSum}u];
  for (var epoch = 0u; epoch < epochs.count; epoch++) {
    if (epoch > 0u) {
      let momentum = sum / f32(C);
      sum = 0.0;
      ${each(
        3 * size,
        `
        let next = m[base + ${at.g}u + e] + momentum * m[base + ${momenta}u + e];
        m[base + ${momenta}u + e] = next;
        m[base + ${w}u + e] += next;
        m[base + ${at.g}u + e] = 0.0;`,
      )}
    }
    toReading(${w}u, rescales(epochs, epoch));
    ${tokensOfEpoch}
    ${sizes.preNorm ? '' : each(3 * size, `m[base + ${w}u + e] = m[base + ${at.reading}u + e];`)}
    ${forBlocks(
      'first',
      'end',
      `
      ${gatherCode(at, row)}
      ${toHidden(sizes, read, at.q, at.gate, at.up)}
      ${each('n * H', `m[base + ${at.gate}u + e] = silu(m[base + ${at.gate}u + e]).x * m[base + ${at.up}u + e];`)}
      ${product('n', d, h, rows(at.gate, h), turned(rows(`${read} + ${size}u`, h)), rows(at.q, d))}
      ${each('n * D', `y[(task * epochs.length + start) * D + e] = m[base + ${at.q}u + e];`)}
      addGradients(n);`,
    )}
    ${sumMomenta(row)}
  }
  if (thread == 0u) { m[base + ${momentumSum}u] = sum; }`,
)}`,
  }
  const carried = carriedFields(sizes, { w, m: momenta, g: at.g, sum: momentumSum })
  return { kernel, carried, norms: normFields(sizes, at.norms), values: places.all, row }
}

const forward: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = lactSizes(shapes, call.attributes[0], call.attributes[1])
  const { width } = sizes
  const { kernel, carried, norms, ...memory } = readKernel(sizes)
  const tasks = open(sizes, memory)
  tasks.bringTokens(tokenColumns(width))
  tasks.bring([...carried, ...norms])
  const read = tasks.rows(width)
  tasks.run(kernel, read)
  tasks.fetchTokens([['y', width, 0]], read, width)
  tasks.fetch(carried)
  return tasks.results()
}

const sizesOf = (inputs: Shapes, { chunk, preNorm }: Attributes) => lactSizes(inputs, chunk, preNorm)

export const gpuKernels = {
  Lact: limited(forward, taskSupports(sizesOf, readKernel)),
  LactGrad: limited(gradient, taskSupports(sizesOf, gradientKernel)),
}
