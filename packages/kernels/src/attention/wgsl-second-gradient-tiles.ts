import type { GpuKernel } from '../engines/webgpu/kernel'
import { mainOfTiles, reach } from './wgsl-reach'

const inputs = { qs: 'f32', ks: 'f32', vs: 'f32', dY: 'f32', rows: 'f32' } as const

/**
 * What the kernels share. A thread has the query i and the key j of a tile; heads are gone through in chunks of as many
 * columns as a tile has rows.
 */
const shared = (width: number, tile: number) => `${reach(tile)}
const WIDTH = ${width}u;
const ROW = TILE + 1u;
const CHUNKS = ${Math.ceil(width / tile)}u;
${['query', 'queryChange', 'dYs', 'key', 'keyChange', 'value', 'valueChange']
  .map((name) => `var<workgroup> ${name}Tile: array<f32, ${tile * (tile + 1)}>;`)
  .join('\n')}
${['weights', 'moves', 'slopes', 'bends'].map((name) => `var<workgroup> ${name}: array<f32, ${tile * tile}>;`).join('\n')}
fn rowCount() -> u32 { return param(6) * param(2) * param(0); }
fn offsetOf(batch: u32) -> i32 { return i32(rows[3u * rowCount() + batch]); }
fn rowOf(batch: u32, head: u32, query: u32) -> u32 {
  return (batch * param(2) + head) * param(0) + min(query, param(0) - 1u);
}
fn loadQueries(batch: u32, head: u32, first: u32, chunk: u32, t: u32) {
  let query = first + t / TILE;
  let column = chunk * TILE + t % TILE;
  let inside = query < param(0) && column < WIDTH;
  let at = ((batch * param(0) + min(query, param(0) - 1u)) * param(2) + head) * WIDTH + min(column, WIDTH - 1u);
  let place = t / TILE * ROW + t % TILE;
  queryTile[place] = select(0.0, qs[at], inside);
  queryChangeTile[place] = select(0.0, qs[rowCount() * WIDTH + at], inside);
  dYsTile[place] = select(0.0, dY[at], inside);
}
fn loadKeys(batch: u32, keyHead: u32, first: u32, chunk: u32, t: u32) {
  let key = first + t / TILE;
  let column = chunk * TILE + t % TILE;
  let inside = key < param(1) && column < WIDTH;
  let at = ((batch * param(1) + min(key, param(1) - 1u)) * param(3) + keyHead) * WIDTH + min(column, WIDTH - 1u);
  let changed = param(6) * param(1) * param(3) * WIDTH + at;
  let place = t / TILE * ROW + t % TILE;
  keyTile[place] = select(0.0, ks[at], inside);
  keyChangeTile[place] = select(0.0, ks[changed], inside);
  valueTile[place] = select(0.0, vs[at], inside);
  valueChangeTile[place] = select(0.0, vs[changed], inside);
}
/** P, A, dP and C of a query and a key, zeros where it doesn't see it. */
fn pairOf(batch: u32, head: u32, keyHead: u32, firstQuery: u32, firstKey: u32, t: u32) -> vec4f {
  let i = t / TILE * ROW;
  let j = t % TILE * ROW;
  var score = 0.0;
  var change = 0.0;
  var slope = 0.0;
  var bend = 0.0;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    workgroupBarrier();
    loadQueries(batch, head, firstQuery, chunk, t);
    loadKeys(batch, keyHead, firstKey, chunk, t);
    workgroupBarrier();
    for (var c = 0u; c < TILE; c++) {
      score += queryTile[i + c] * keyTile[j + c];
      change += queryChangeTile[i + c] * keyTile[j + c] + queryTile[i + c] * keyChangeTile[j + c];
      slope += dYsTile[i + c] * valueTile[j + c];
      bend += dYsTile[i + c] * valueChangeTile[j + c];
    }
  }
  let query = firstQuery + t / TILE;
  let key = firstKey + t % TILE;
  let place = offsetOf(batch) + i32(query);
  if (query >= param(0) || key >= param(1) || !sees(place, i32(key))) { return vec4f(0.0); }
  let scale = bitcast<f32>(param(5));
  let weight = select(exp(score * scale - rows[rowOf(batch, head, query)]), 1.0 / f32(param(1)), seesNone(place));
  return vec4f(weight, change * scale, slope, bend);
}
fn bent(pair: vec4f, shift: f32) -> f32 { return pair.y * (pair.z + shift) + pair.w; }
${mainOfTiles(tile)}`

/** Leaves E, dS, R and P of a pair in tiles. */
const finished = `
      let row = rowOf(batch, head, firstQuery + i);
      let shift = rows[2u * rowCount() + row];
      let mean = sums[row];
      weights[t] = pair.x;
      moves[t] = pair.x * (pair.y - mean);
      slopes[t] = pair.x * (pair.z + shift);
      bends[t] = pair.x * (bent(pair, shift) - mean * pair.z - sums[rowCount() + row]);`

/** For each query of each head a = Σ P A, and behind all of those f = Σ P X − a D. */
export const ofSums = (width: number, tile: number): GpuKernel => ({
  name: `AttentionGradGrad sums ${width} ${tile}`,
  inputs,
  outputs: { sums: 'f32' },
  code: `${shared(width, tile)}
  let head = group.y;
  let firstQuery = group.x * TILE;
  let row = rowOf(batch, head, firstQuery + i);
  let shift = rows[2u * rowCount() + row];
  let range = keysOf(offsetOf(batch) + i32(firstQuery));
  var mean = 0.0;
  var bend = 0.0;
  for (var first = range.x; first < range.y; first += i32(TILE)) {
    let pair = pairOf(batch, head, head / (heads / keyHeads), firstQuery, u32(first), t);
    mean += pair.x * pair.y;
    bend += pair.x * bent(pair, shift);
  }
  moves[t] = mean;
  bends[t] = bend;
  workgroupBarrier();
  if (j == 0u && firstQuery + i < queries) {
    for (var other = 1u; other < TILE; other++) {
      mean += moves[t + other];
      bend += bends[t + other];
    }
    sums[row] = mean;
    sums[rowCount() + row] = bend - mean * rows[rowCount() + row];
  }
}`,
})

/** grad2_q and grad2_d_y. */
export const ofQueries = (width: number, tile: number): GpuKernel => ({
  name: `AttentionGradGrad queries ${width} ${tile}`,
  inputs: { ...inputs, sums: 'f32' },
  outputs: { gradQ: 'f32', gradDY: 'f32' },
  code: `${shared(width, tile)}
  let head = group.y;
  let keyHead = head / (heads / keyHeads);
  let firstQuery = group.x * TILE;
  let range = keysOf(offsetOf(batch) + i32(firstQuery));
  var qSums: array<f32, CHUNKS>;
  var dYSums: array<f32, CHUNKS>;
  for (var first = range.x; first < range.y; first += i32(TILE)) {
    let pair = pairOf(batch, head, keyHead, firstQuery, u32(first), t);
${finished}
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
      workgroupBarrier();
      loadKeys(batch, keyHead, u32(first), chunk, t);
      workgroupBarrier();
      for (var other = 0u; other < TILE; other++) {
        let at = i * TILE + other;
        let place = other * ROW + j;
        qSums[chunk] += bends[at] * keyTile[place] + slopes[at] * keyChangeTile[place];
        dYSums[chunk] += moves[at] * valueTile[place] + weights[at] * valueChangeTile[place];
      }
    }
  }
  let query = firstQuery + i;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    let column = j + chunk * TILE;
    if (query < queries && column < WIDTH) {
      let at = ((batch * queries + query) * heads + head) * WIDTH + column;
      gradQ[at] = qSums[chunk] * bitcast<f32>(param(5));
      gradDY[at] = dYSums[chunk];
    }
  }
}`,
})

/** grad2_k and grad2_v; a thread sums for the key i of a tile. */
export const ofKeys = (width: number, tile: number): GpuKernel => ({
  name: `AttentionGradGrad keys ${width} ${tile}`,
  inputs: { ...inputs, sums: 'f32' },
  outputs: { gradK: 'f32', gradV: 'f32' },
  code: `${shared(width, tile)}
  let keyHead = group.y;
  let perKeyHead = heads / keyHeads;
  let firstKey = group.x * TILE;
  let range = queriesOf(i32(firstKey), offsetOf(batch));
  var kSums: array<f32, CHUNKS>;
  var vSums: array<f32, CHUNKS>;
  for (var h = 0u; h < perKeyHead; h++) {
    let head = keyHead * perKeyHead + h;
    for (var first = range.x; first < range.y; first += i32(TILE)) {
      let firstQuery = u32(first);
      let pair = pairOf(batch, head, keyHead, firstQuery, firstKey, t);
${finished}
      for (var chunk = 0u; chunk < CHUNKS; chunk++) {
        workgroupBarrier();
        loadQueries(batch, head, firstQuery, chunk, t);
        workgroupBarrier();
        for (var other = 0u; other < TILE; other++) {
          let at = other * TILE + i;
          let place = other * ROW + j;
          kSums[chunk] += bends[at] * queryTile[place] + slopes[at] * queryChangeTile[place];
          vSums[chunk] += moves[at] * dYsTile[place];
        }
      }
    }
  }
  let key = firstKey + i;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    let column = j + chunk * TILE;
    if (key < keys && column < WIDTH) {
      let at = ((batch * keys + key) * keyHeads + keyHead) * WIDTH + column;
      gradK[at] = kSums[chunk] * bitcast<f32>(param(5));
      gradV[at] = vSums[chunk];
    }
  }
}`,
})

export const secondGradientKernels = (width: number, tile: number): GpuKernel[] =>
  [ofSums, ofQueries, ofKeys].map((kernel) => kernel(width, tile))
