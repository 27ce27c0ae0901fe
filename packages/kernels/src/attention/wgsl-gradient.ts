import type { GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import {
  floatWord,
  forEachValue,
  groupsFor,
  outputAsInput,
  type GpuKernel,
  type Part,
} from '../engines/webgpu/kernel'
import type { GpuPrecision } from '../engines/webgpu/half'
import { fillParts } from '../engines/webgpu/stock/fill'
import { edgeFor, mainOfTiles, reach } from './wgsl-reach'
import { rowTileBytes, rowTiles, type RowTiles } from './wgsl-rows'

/** Bytes of workgroup memory that the gradient takes of heads of this width, in tiles of this edge. */
export const gradientMemory = (width: number, tile: number, precision: GpuPrecision): number =>
  4 * rowTileBytes(tile, width, precision) + 4 * 2 * tile * tile

const inputs = {
  q: 'f32',
  k: 'f32',
  v: 'f32',
  offset: 'i32',
  dY: 'f32',
  ofRows: 'f32',
} as const

/** Σ d_y · y − d_logSumExp and logSumExp for each query of each head, in one buffer: a kernel takes eight. */
const slopes = (hasDSum: boolean): GpuKernel => ({
  name: `AttentionGrad slopes ${hasDSum}`,
  inputs: { dY: 'f32', y: 'f32', logSumExp: 'f32', ...(hasDSum && { dSum: 'f32' as const }) },
  outputs: { ofRows: 'f32' },
  code: forEachValue(`
  let queries = param(1);
  let heads = param(2);
  let width = param(3);
  let head = i / queries % heads;
  let start = ((i / queries / heads * queries + i % queries) * heads + head) * width;
  var total = 0.0;
  for (var c = 0u; c < width; c++) { total += dY[start + c] * y[start + c]; }
  ofRows[2u * i] = total${hasDSum ? ' - dSum[i]' : ''};
  ofRows[2u * i + 1u] = logSumExp[i];`),
})

/** What both kernels share: four tiles, and the weight of a query's key with its gradient. */
const shared = (width: number, tile: number, { declare, fill, at, unit }: RowTiles) => `${reach(tile)}
const WIDTH = ${width}u;
const ROW = ${width + 1}u;
const COLUMNS = ${Math.ceil(width / tile)}u;
${declare(['query', 'dY', 'key', 'value'])}
var<workgroup> weights: array<f32, ${tile * tile}>;
var<workgroup> dScores: array<f32, ${tile * tile}>;
fn loadQueries(batch: u32, head: u32, first: u32, t: u32) {
${fill(
  { query: 'select(0.0, q[at], inside)', dY: 'select(0.0, dY[at], inside)' },
  `
    let query = first + e / WIDTH;
    let inside = query < param(0);
    let at = ((batch * param(0) + min(query, param(0) - 1u)) * param(2) + head) * WIDTH + e % WIDTH;`,
)}
}
fn loadKeys(batch: u32, head: u32, first: u32, t: u32) {
${fill(
  { key: 'select(0.0, k[at], inside)', value: 'select(0.0, v[at], inside)' },
  `
    let key = first + e / WIDTH;
    let inside = key < param(1);
    let at = ((batch * param(1) + min(key, param(1) - 1u)) * param(3) + head) * WIDTH + e % WIDTH;`,
)}
}
fn weigh(batch: u32, head: u32, firstQuery: u32, firstKey: u32, t: u32) {
  let i = t / TILE;
  let j = t % TILE;
  let query = firstQuery + i;
  let key = firstKey + j;
  let place = offset[batch] + i32(query);
  let seen = query < param(0) && key < param(1) && sees(place, i32(key));
  var score = 0.0;
  var dWeight = 0.0;
  for (var c = 0u; c < WIDTH; c++) {
    score += ${at('query', 'i * ROW + c')} * ${at('key', 'j * ROW + c')};
    dWeight += ${at('dY', 'i * ROW + c')} * ${at('value', 'j * ROW + c')};
  }
  score = score${unit('query', 'i')}${unit('key', 'j')};
  dWeight = dWeight${unit('dY', 'i')}${unit('value', 'j')};
  let row = 2u * ((batch * param(2) + head) * param(0) + min(query, param(0) - 1u));
  let scale = bitcast<f32>(param(5));
  var weight = 0.0;
  if (seen) { weight = select(exp(score * scale - ofRows[row + 1u]), 1.0 / f32(param(1)), seesNone(place)); }
  weights[t] = weight;
  dScores[t] = weight * (dWeight - ofRows[row]) * scale;
}
${mainOfTiles(tile)}`

const ofQueries = (width: number, tile: number, precision: GpuPrecision): GpuKernel => {
  const tiles = rowTiles[precision]
  return {
    name: `AttentionGrad q ${precision} ${width} ${tile}`,
    f16: precision === 'f16',
    inputs,
    outputs: { dQ: 'f32' },
    code: `${shared(width, tile, tiles)}
  let head = group.y;
  let keyHead = head / (heads / keyHeads);
  let firstQuery = group.x * TILE;
  let range = keysOf(offset[batch] + i32(firstQuery));
  var sums: array<f32, ${Math.ceil(width / tile)}>;
  loadQueries(batch, head, firstQuery, t);
  for (var first = range.x; first < range.y; first += i32(TILE)) {
    loadKeys(batch, keyHead, u32(first), t);
    workgroupBarrier();
    weigh(batch, head, firstQuery, u32(first), t);
    workgroupBarrier();
    for (var n = 0u; n < COLUMNS; n++) {
      let column = min(j + n * TILE, WIDTH - 1u);
      for (var other = 0u; other < TILE; other++) {
        sums[n] += dScores[i * TILE + other]${tiles.unit('key', 'other')} * ${tiles.at('key', 'other * ROW + column')};
      }
    }
    workgroupBarrier();
  }
  let query = firstQuery + i;
  for (var n = 0u; n < COLUMNS; n++) {
    let column = j + n * TILE;
    if (query < queries && column < WIDTH) {
      dQ[((batch * queries + query) * heads + head) * WIDTH + column] = sums[n];
    }
  }
}`,
  }
}

const ofKeys = (width: number, tile: number, precision: GpuPrecision): GpuKernel => {
  const tiles = rowTiles[precision]
  return {
    name: `AttentionGrad k v ${precision} ${width} ${tile}`,
    f16: precision === 'f16',
    inputs,
    outputs: { dK: 'f32', dV: 'f32' },
    code: `${shared(width, tile, tiles)}
  let keyHead = group.y;
  let perKeyHead = heads / keyHeads;
  let firstKey = group.x * TILE;
  let range = queriesOf(i32(firstKey), offset[batch]);
  var keySums: array<f32, ${Math.ceil(width / tile)}>;
  var valueSums: array<f32, ${Math.ceil(width / tile)}>;
  loadKeys(batch, keyHead, firstKey, t);
  for (var h = 0u; h < perKeyHead; h++) {
    let head = keyHead * perKeyHead + h;
    for (var first = range.x; first < range.y; first += i32(TILE)) {
      loadQueries(batch, head, u32(first), t);
      workgroupBarrier();
      weigh(batch, head, u32(first), firstKey, t);
      workgroupBarrier();
      for (var n = 0u; n < COLUMNS; n++) {
        let column = min(j + n * TILE, WIDTH - 1u);
        for (var other = 0u; other < TILE; other++) {
          keySums[n] += dScores[other * TILE + i]${tiles.unit('query', 'other')} * ${tiles.at('query', 'other * ROW + column')};
          valueSums[n] += weights[other * TILE + i]${tiles.unit('dY', 'other')} * ${tiles.at('dY', 'other * ROW + column')};
        }
      }
      workgroupBarrier();
    }
  }
  let key = firstKey + i;
  for (var n = 0u; n < COLUMNS; n++) {
    let column = j + n * TILE;
    if (key < keys && column < WIDTH) {
      let at = ((batch * keys + key) * keyHeads + keyHead) * WIDTH + column;
      dK[at] = keySums[n];
      dV[at] = valueSums[n];
    }
  }
}`,
  }
}

export const gradientKernels = (width: number, tile: number, precision: GpuPrecision): GpuKernel[] => [
  ofQueries(width, tile, precision),
  ofKeys(width, tile, precision),
]

/** Weights are computed again from the scores and the forward pass's sums; nothing of the size of all scores is kept. */
export const attentionGradient: GpuFusedKernel = ({
  inputs: given,
  outputShapes,
  attributes: [window],
  backend,
}) => {
  const [q, k, v, offset, dYGiven, dSum, y, logSumExp] = given
  const [batch, queries, heads, width] = q!.shape
  const [, keys, keyHeads] = k!.shape
  const rows = batch * heads * queries
  const { tiles, precision, gpu } = backend
  const tile = edgeFor(tiles.attentionGradient, (edge) => gradientMemory(width, edge, precision), gpu.limits)
  const zeros = () =>
    backend.call(
      [],
      [{ shape: q!.shape, dtype: 'float32' }],
      fillParts(rows * width, 0, backend.mostBound),
    )[0]
  const dY = dYGiven ?? zeros()
  const tensors = [q!, k!, v!, offset!, dY, logSumExp!, y!, ...(dSum ? [dSum] : [])]
  const like = (shape: number[]) => ({ shape, dtype: 'float32' as const })
  // The slopes, then what isn't wanted, are passed on or dropped: they come last.
  const wanted = outputShapes.map((shape) => shape !== undefined)
  const all = [q!.shape, k!.shape, v!.shape]
  const order = [...[0, 1, 2].filter((i) => wanted[i]), ...[0, 1, 2].filter((i) => !wanted[i])]
  const needed = order.filter((i) => wanted[i] || (i > 0 && (wanted[1] || wanted[2])))
  const at = (i: number) => needed.indexOf(i)
  const slopesAt = needed.length
  const parameters = [queries, keys, heads, keyHeads, window, floatWord(1 / Math.sqrt(width))]
  const read = [0, 1, 2, 3, 4, outputAsInput(slopesAt)]
  const parts: Part[] = [
    {
      kernel: slopes(dSum !== undefined),
      inputs: dSum ? [4, 6, 5, 7] : [4, 6, 5],
      outputs: [slopesAt],
      parameters: [rows, queries, heads, width],
      groups: groupsFor(rows),
    },
  ]
  if (wanted[0])
    parts.push({
      kernel: ofQueries(width, tile, precision),
      inputs: read,
      outputs: [at(0)],
      parameters,
      groups: [Math.ceil(queries / tile), heads, batch],
    })
  if (wanted[1] || wanted[2])
    parts.push({
      kernel: ofKeys(width, tile, precision),
      inputs: read,
      outputs: [at(1), at(2)],
      parameters,
      groups: [Math.ceil(keys / tile), keyHeads, batch],
    })
  const outputs = [...needed.map((i) => like(all[i])), like([2 * rows])]
  const temporary = outputs.length - wanted.filter(Boolean).length
  const results = backend.call(tensors, outputs, parts, { temporary })
  if (!dYGiven) backend.disposeData(dY.dataId)
  return results
}
