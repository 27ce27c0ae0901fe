import type { Attributes, Shapes } from '@ttt-e2e/tensor-ops'
import { attentionGradient, gradientKernels, gradientMemory } from './wgsl-gradient'
import { attentionSecondGradient, secondGradientMemory } from './wgsl-second-gradient'
import { secondGradientKernels } from './wgsl-second-gradient-tiles'
import { limited, type GpuFusedKernel, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import type { GpuPrecision } from '../engines/webgpu/half'
import { floatWord, type GpuKernel, type Part } from '../engines/webgpu/kernel'
import { standardTiles } from '../engines/webgpu/tiles'
import { edgeFor } from './wgsl-reach'
import { rowTileBytes, rowTiles } from './wgsl-rows'

/** Bytes of workgroup memory that the forward pass takes of heads of this width, in tiles of this edge. */
const memory = (width: number, tile: number, precision: GpuPrecision) =>
  2 * rowTileBytes(tile, width, precision) + 4 * tile * tile

const {
  attention: standard,
  attentionGradient: ofGradient,
  attentionSecondGradient: ofSecond,
} = standardTiles
/** Whether a GPU has so many buffers for a kernel, and workgroup memory for heads of this width. */
const takes =
  (buffers: number, memoryOf: (width: number) => number) =>
  (
    { q: [, , , width] }: Shapes,
    _: Attributes,
    {
      maxComputeWorkgroupStorageSize: most,
      maxStorageBuffersPerShaderStage: mostBuffers,
    }: GPUSupportedLimits,
  ): true | string => {
    const needed = memoryOf(width)
    if (needed > most) return `its heads take ${needed} bytes of workgroup memory, this GPU has ${most}`
    return buffers <= mostBuffers || `it takes ${buffers} buffers, this GPU has ${mostBuffers} for a kernel`
  }

/**
 * A tile of queries goes through the keys that it sees tile by tile; a thread has one score of each, then some columns of
 * one query's sum. Where a query sees no key at all, all have the same weight, as in the reference.
 */
const forward = (width: number, tile: number, precision: GpuPrecision): GpuKernel => {
  const { declare, fill, at, unit } = rowTiles[precision]
  const keys = (tensor: 'k' | 'v') =>
    fill(
      { key: 'value' },
      `
      let key = u32(first) + e / WIDTH;
      var value = 0.0;
      if (key < keys) { value = ${tensor}[((batch * keys + key) * keyHeads + keyHead) * WIDTH + e % WIDTH]; }`,
    )
  return {
    name: `Attention ${precision} ${width} ${tile}`,
    f16: precision === 'f16',
    inputs: { q: 'f32', k: 'f32', v: 'f32', offset: 'i32' },
    outputs: { y: 'f32', logSumExp: 'f32' },
    code: `
const TILE = ${tile}u;
const WIDTH = ${width}u;
const ROW = ${width + 1}u;
const COLUMNS = ${Math.ceil(width / tile)}u;
const HIDDEN = -1e30;
${declare(['query', 'key'])}
var<workgroup> scores: array<f32, ${tile * tile}>;
@compute @workgroup_size(${tile * tile})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let queries = param(0);
  let keys = param(1);
  let heads = param(2);
  let keyHeads = param(3);
  let window = i32(param(4));
  let head = group.y;
  let batch = group.z;
  let keyHead = head / (heads / keyHeads);
  let i = t / TILE;
  let j = t % TILE;
  let firstQuery = group.x * TILE;
  let firstPlace = offset[batch] + i32(firstQuery);
  let place = firstPlace + i32(i);
${fill(
  { query: 'value * bitcast<f32>(param(5))' },
  `
    let query = firstQuery + e / WIDTH;
    var value = 0.0;
    if (query < queries) { value = q[((batch * queries + query) * heads + head) * WIDTH + e % WIDTH]; }`,
)}
  let start = select(0, max(0, firstPlace - window + 1), window > 0);
  let end = min(i32(keys), firstPlace + i32(TILE));
  var sums: array<f32, ${Math.ceil(width / tile)}>;
  var largest = HIDDEN;
  var total = 0.0;
  for (var first = start; first < end; first += i32(TILE)) {
    workgroupBarrier();
${keys('k')}
    workgroupBarrier();
    var score = 0.0;
    for (var c = 0u; c < WIDTH; c++) { score += ${at('query', 'i * ROW + c')} * ${at('key', 'j * ROW + c')}; }
    score = score${unit('query', 'i')}${unit('key', 'j')};
    let key = first + i32(j);
    let before = place - key;
    let seen = key < i32(keys) && before >= 0 && (window == 0 || before < window);
    scores[t] = select(HIDDEN, score, seen);
    workgroupBarrier();
${keys('v')}
    workgroupBarrier();
    var next = largest;
    for (var other = 0u; other < TILE; other++) { next = max(next, scores[i * TILE + other]); }
    let kept = exp(largest - next);
    total = total * kept;
    for (var n = 0u; n < COLUMNS; n++) { sums[n] = sums[n] * kept; }
    for (var other = 0u; other < TILE; other++) {
      let own = scores[i * TILE + other];
      let weight = select(exp(own - next), 0.0, own == HIDDEN);
      total += weight;
      for (var n = 0u; n < COLUMNS; n++) {
        let column = min(j + n * TILE, WIDTH - 1u);
        sums[n] += weight${unit('key', 'other')} * ${at('key', 'other * ROW + column')};
      }
    }
    largest = next;
  }
  let query = firstQuery + i;
  if (query >= queries) { return; }
  if (total == 0.0) {
    total = f32(keys);
    for (var n = 0u; n < COLUMNS; n++) {
      sums[n] = 0.0;
      let column = min(j + n * TILE, WIDTH - 1u);
      for (var key = 0u; key < keys; key++) {
        sums[n] += v[((batch * keys + key) * keyHeads + keyHead) * WIDTH + column];
      }
    }
  }
  for (var n = 0u; n < COLUMNS; n++) {
    let column = j + n * TILE;
    if (column < WIDTH) { y[((batch * queries + query) * heads + head) * WIDTH + column] = sums[n] / total; }
  }
  if (j == 0u) { logSumExp[(batch * heads + head) * queries + query] = largest + log(total); }
}`,
  }
}

const attention: GpuFusedKernel = ({ inputs, outputShapes, attributes: [window], backend }) => {
  const [q, k, v, offset] = inputs
  const [batch, queries, heads, width] = q!.shape
  const [, keys, keyHeads] = k!.shape
  const { tiles, precision, gpu } = backend
  const tile = edgeFor(tiles.attention, (edge) => memory(width, edge, precision), gpu.limits)
  const part: Part = {
    kernel: forward(width, tile, precision),
    inputs: [0, 1, 2, 3],
    outputs: [0, 1],
    parameters: [queries, keys, heads, keyHeads, window, floatWord(1 / Math.sqrt(width))],
    groups: [Math.ceil(queries / tile), heads, batch],
  }
  const outputs = outputShapes.map((shape) => ({ shape: shape!, dtype: 'float32' as const }))
  return backend.call([q!, k!, v!, offset!], outputs, [part])
}

/** What depends on the sizes of tiles, with the standard ones. */
export const tiledKernels = (precision: GpuPrecision): GpuKernel[] => [
  forward(someWidth, standard.edge, precision),
  ...gradientKernels(someWidth, ofGradient.edge, precision),
  ...secondGradientKernels(someWidth, ofSecond.edge),
]
const someWidth = 64

export const gpuKernels: GpuFusedKernels = {
  Attention: limited(
    attention,
    takes(6, (width) => memory(width, standard.edge, 'f32')),
  ),
  AttentionGrad: limited(
    attentionGradient,
    takes(8, (width) => gradientMemory(width, ofGradient.edge, 'f32')),
  ),
  AttentionGradGrad: limited(
    attentionSecondGradient,
    takes(8, () => secondGradientMemory(ofSecond.edge)),
  ),
}
