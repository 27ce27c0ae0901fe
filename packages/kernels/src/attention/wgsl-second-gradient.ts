import type { Output, TensorInfo } from '../engines/webgpu/backend'
import { sizeOf } from '../engines/size-of'
import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import { floatWord, forEachValue, groupsFor, outputAsInput, type GpuKernel, type Part } from '../engines/webgpu/kernel' // prettier-ignore
import { copyPart } from '../engines/webgpu/stock/layout'
import { fillParts } from '../engines/webgpu/stock/fill'
import { edgeFor } from './wgsl-reach'
import { ofKeys, ofQueries, ofSums } from './wgsl-second-gradient-tiles'

const copyOf = (from: number, size: number, output: number, to = 0) =>
  copyPart({ shape: [size], from: 0, fromStrides: [1], to, toStrides: [1] }, from, output)

/** Bytes of workgroup memory: tiles of columns, not of whole heads, so that heads of every width fit. */
export const secondGradientMemory = (tile: number): number => 4 * (7 * tile * (tile + 1) + 4 * tile * tile)

/**
 * A value for each query of each head: the log-sum-exp, D = ⟨d_y, y⟩, d_logSumExp − D; then the sequences' offsets, so that
 * few buffers are bound.
 */
const rowsKernel = (hasDSum: boolean): GpuKernel => ({
  name: `AttentionGradGrad rows ${hasDSum}`,
  inputs: {
    dY: 'f32',
    y: 'f32',
    logSumExp: 'f32',
    offset: 'i32',
    ...(hasDSum && { dSum: 'f32' as const }),
  },
  outputs: { rows: 'f32' },
  code: forEachValue(`
  let queries = param(1);
  let heads = param(2);
  let width = param(3);
  let count = param(4);
  if (i >= count) { rows[2u * count + i] = f32(offset[i - count]); return; }
  let head = i / queries % heads;
  let start = ((i / queries / heads * queries + i % queries) * heads + head) * width;
  var along = 0.0;
  for (var c = 0u; c < width; c++) { along += dY[start + c] * y[start + c]; }
  rows[i] = logSumExp[i];
  rows[count + i] = along;
  rows[2u * count + i] = ${hasDSum ? 'dSum[i]' : '0.0'} - along;`),
})

/**
 * …, d_y, d_logSumExp, y, logSumExp, u_q = d_grad_q, u_k = d_grad_k, u_v = d_grad_v → grad2_q, grad2_k, grad2_v,
 * grad2_d_y, grad2_d_logSumExp.
 *
 * With P the weights, s the scale, dP = d_y · Vᵀ and dS = P ⊙ (dP − D + d_logSumExp), what is differentiated is
 * Σ dS ⊙ A + P ⊙ C, where A = s (u_q · Kᵀ + Q · u_kᵀ) is the change of the scores along u and C = d_y · u_vᵀ. With the sums
 * over keys a = Σ P A, X = A ⊙ (dP − D + d_logSumExp) + C and f = Σ P X − a D:
 *
 * - by the scores R = P ⊙ (X − a dP − f), by dP E = P ⊙ (A − a);
 * - grad2_q = s (R · K + dS · u_k), grad2_k = s (Rᵀ · Q + dSᵀ · u_q);
 * - grad2_d_y = E · V + P · u_v, grad2_v = Eᵀ · d_y, grad2_d_logSumExp = a.
 *
 * The sums come first; then the tiles are formed again, once by queries and once by keys. q, k and v stand in one buffer
 * with what belongs to them of u, since a kernel may be given no more than eight.
 */
export const attentionSecondGradient: GpuFusedKernel = ({
  inputs: given,
  outputShapes,
  attributes: [window],
  backend,
}) => {
  const [q, k, v, offset, dYGiven, dSum, y, logSumExp, uQ, uK, uV] = given
  const [batch, queries, heads, width] = q!.shape
  const [, keys, keyHeads] = k!.shape
  const count = batch * heads * queries
  const tile = edgeFor(backend.tiles.attentionSecondGradient, secondGradientMemory, backend.gpu.limits)
  const tensors: TensorInfo[] = []
  const input = (tensor: TensorInfo) => tensors.push(tensor) - 1
  const outputs: Output[] = []
  const output = (shape: number[]) => outputs.push({ shape, dtype: 'float32' }) - 1
  const wanted = outputShapes.map((shape) => shape && output(shape))
  const kept = outputs.length
  const parts: Part[] = []

  const pair = (x: TensorInfo, u: TensorInfo | undefined) => {
    const size = sizeOf(x.shape)
    const both = output([2 * size])
    if (!u) parts.push(...fillParts(2 * size, 0, backend.mostBound, both))
    parts.push(copyOf(input(x), size, both))
    if (u) parts.push(copyOf(input(u), size, both, size))
    return outputAsInput(both)
  }
  const [qs, ks, vs] = [pair(q!, uQ), pair(k!, uK), pair(v!, uV)]
  let dY: number
  if (dYGiven) dY = input(dYGiven)
  else {
    const zeros = output(q!.shape)
    parts.push(...fillParts(sizeOf(q!.shape), 0, backend.mostBound, zeros))
    dY = outputAsInput(zeros)
  }

  const rows = output([3 * count + batch])
  parts.push({
    kernel: rowsKernel(dSum !== undefined),
    inputs: [dY, input(y!), input(logSumExp!), input(offset!), ...(dSum ? [input(dSum)] : [])],
    outputs: [rows],
    parameters: [count + batch, queries, heads, width, count],
    groups: groupsFor(count + batch),
  })
  const parameters = [queries, keys, heads, keyHeads, window, floatWord(1 / Math.sqrt(width)), batch]
  const read = [qs, ks, vs, dY, outputAsInput(rows)]
  const byQueries = [Math.ceil(queries / tile), heads, batch] as const
  const [ofQ, ofK, ofV, ofDY, ofDSum] = wanted
  const sums = output([2 * count])
  parts.push({ kernel: ofSums(width, tile), inputs: read, outputs: [sums], parameters, groups: byQueries })
  if (ofDSum !== undefined) parts.push(copyOf(outputAsInput(sums), count, ofDSum))
  // What isn't wanted is formed with the other one, and dropped.
  if (ofQ !== undefined || ofDY !== undefined)
    parts.push({
      kernel: ofQueries(width, tile),
      inputs: [...read, outputAsInput(sums)],
      outputs: [ofQ ?? output(q!.shape), ofDY ?? output(q!.shape)],
      parameters,
      groups: byQueries,
    })
  if (ofK !== undefined || ofV !== undefined)
    parts.push({
      kernel: ofKeys(width, tile),
      inputs: [...read, outputAsInput(sums)],
      outputs: [ofK ?? output(k!.shape), ofV ?? output(v!.shape)],
      parameters,
      groups: [Math.ceil(keys / tile), keyHeads, batch],
    })
  return backend.call(tensors, outputs, parts, { temporary: outputs.length - kept })
}
