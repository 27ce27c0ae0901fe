import { limited, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { GpuKernel } from '../engines/webgpu/kernel'
import { openedCall } from '../task-memory/call'
import { Places } from '../task-memory/places'
import { taskSupports } from '../task-memory/supports'
import { each, taskMain, value } from '../task-memory/wgsl'
import { gradient, gradientKernel } from './wgsl-gradient'
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

/** Reads all tokens of a sequence's head, one after another. */
function readKernel(sizes: MesaSizes) {
  const { depth, width } = sizes
  const places = new Places()
  const row = rowOf(sizes)
  const at = sumPlaces(sizes, places, row)
  const sums = places.take(sumValues(sizes))
  const kernel: GpuKernel = {
    name: `Mesa, reading, ${depth} by ${width}`,
    inputs: { tokens: 'f32' },
    outputs: { m: 'f32', o: 'f32' },
    code: `
${solveCode(sizes, at)}
${taskMain(
  places.all,
  `
  for (var t = 0u; t < param(0); t++) {
    ${gatherToken(at, row)}
    ${addToken(sizes, at, `${sums}u`, `${sums}u`)}
    solve(${sums}u, ${tokenPlaces(sizes, at).q}u, ${at.x}u);
    ${each(
      width,
      `
      var sum = 0.0;
      for (var i = 0u; i < K; i++) { sum += ${value(at.x, 'i')} * ${value(sums + depth * depth, `i * ${width}u + e`)}; }
      o[(task * param(0) + t) * ${width}u + e] = sum;`,
    )}
  }`,
)}`,
  }
  return { kernel, lambda: at.lambda, sums, values: places.all, row }
}

const forward: GpuFusedKernel = (call, family) => {
  const { shapes, open } = openedCall(call, family)
  const sizes = mesaSizes(shapes)
  const { kernel, lambda, sums, ...memory } = readKernel(sizes)
  const tasks = open(sizes, memory)
  tasks.bringTokens(tokenColumns(sizes))
  tasks.bring([lambdaField(sizes, lambda), ...sumFields(sizes, sums)])
  const rows = tasks.rows(sizes.width)
  tasks.run(kernel, rows)
  tasks.fetchTokens([['o', sizes.width, 0]], rows, sizes.width)
  tasks.fetch(sumFields(sizes, sums))
  return tasks.results()
}

export const gpuKernels = {
  Mesa: limited(forward, taskSupports(mesaSizes, readKernel)),
  MesaGrad: limited(gradient, taskSupports(mesaSizes, gradientKernel)),
}
