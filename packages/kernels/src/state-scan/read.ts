import type { GpuKernel } from '../engines/webgpu/kernel'
import {
  columnsOf,
  floats,
  ownParameter,
  placesCode,
  placesKey,
  sizesCode,
  threadsOf,
  type ScanForm,
  type ScanSizes,
} from './sizes'

/** What reading leaves beside the states: a token's outputs, or the states before each token and what each writes. */
export type Leaves = 'outputs' | 'states' | 'nothing'

/**
 * WGSL of the sums of a tile's columns over its rows: each thread puts a value for each column into `addends`, `sumColumns`
 * makes `sums` of them.
 */
export const columnTotals = (depth: number): string => {
  const [threads, columns] = [threadsOf(depth), columnsOf(depth)]
  return `
const C = ${columns}u;
const K = ${depth}u;
var<workgroup> addends: array<f32, ${(threads + 1) * columns}>;
var<workgroup> parts: array<f32, ${threads}>;
var<workgroup> sums: array<f32, ${columns}>;
fn put(c: u32, t: u32, value: f32) { addends[c * ${threads + 1}u + t] = value; }
fn sumColumns(t: u32) {
  workgroupBarrier();
  var part = 0.0;
  for (var j = 0u; j < C; j++) { part += addends[(t % C) * ${threads + 1}u + t / C + j * ${threads / columns}u]; }
  parts[t] = part;
  workgroupBarrier();
  if (t < C) {
    var sum = 0.0;
    for (var j = 0u; j < ${threads / columns}u; j++) { sum += parts[j * C + t]; }
    sums[t] = sum;
  }
  workgroupBarrier();
}`
}

/** Where a workgroup works: its unit, a head of a sequence, the tile's first column, and where the tile's state stands. */
export const tileCode = `
  let t = local.x;
  let tiles = (width + C - 1u) / C;
  let tile = group.x % tiles;
  let unit = group.x / tiles;
  let b = unit / heads;
  let h = unit % heads;
  let units = batch * heads;
  let column = tile * C;
  let row = min(t, K - 1u);
  let real = t < K;
  let place = (unit * tiles + tile) * C * K + row;
  let all = units * tiles * C * K;`

export const valueCode = `
fn valueAt(b: u32, token: u32, r: u32, h: u32, c: u32) -> u32 {
  return (((b * param(4) + token) * param(8) + r) * param(5) + h) * param(7) + c;
}`

/**
 * Reads tokens one after another, as the recurrence is written: with D = decay ⊙ S and Z = Σ k wᵀ over the ranks,
 * w = scale · v − Dᵀ erase, a token reads (D + own Z)ᵀ q + skip · v and leaves D + write Z. From and to the state of a slot.
 */
export function readKernel(sizes: ScanSizes, form: ScanForm, leaves: Leaves): GpuKernel {
  const { depth } = sizes
  const { erases } = form
  const written = leaves === 'states' && erases
  return {
    name: `state scan, reading for ${leaves}, ${placesKey(sizes, form)}`,
    inputs: floats(['rows', 'values']),
    outputs: floats(['state', ...(leaves === 'nothing' ? [] : [leaves]), ...(written ? ['written'] : [])]),
    code: `
${columnTotals(depth)}
${placesCode(sizes, form)}
${valueCode}
@compute @workgroup_size(${threadsOf(depth)})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
${sizesCode}
${tileCode}
  // Zeros in words: some drivers don't set a variable of a loop to zeros again.
  var s = array<f32, C>();
  for (var c = 0u; c < C; c++) { s[c] = state[param(${ownParameter}) * all + place + c * K]; }
  for (var i = 0u; i < count; i++) {
    let at = (i * units + unit) * row_all;
    let scale = rows[at + row_scale];
    let skip = rows[at + row_skip];
    let decay = rows[at + row];
    ${
      leaves === 'states'
        ? `if (real) {
      for (var c = 0u; c < C; c++) { states[((unit * tiles + tile) * count + i) * C * K + c * K + row] = s[c]; }
    }`
        : ''
    }
    for (var c = 0u; c < C; c++) { s[c] *= decay; }
    ${
      erases
        ? `let erase = rows[at + row_erase + row];
    for (var c = 0u; c < C; c++) { put(c, t, select(0.0, erase * s[c], real)); }
    sumColumns(t);`
        : ''
    }
    var added = array<f32, C>();
    for (var r = 0u; r < ranks; r++) {
      let key = rows[at + row_key + r * K + row];
      for (var c = 0u; c < C; c++) {
        if (column + c < width) {
          let w = scale * values[valueAt(b, first + i, r, h, column + c)]${erases ? ' - sums[c]' : ''};
          added[c] += key * w;
          ${written ? 'if (t == 0u) { written[(i * units + unit) * width + column + c] = w; }' : ''}
        }
      }
    }
    ${
      leaves === 'outputs'
        ? `
    for (var r = 0u; r < ranks; r++) {
      let query = rows[at + row_query + r * K + row];
      let own = rows[at + row_own];
      for (var c = 0u; c < C; c++) { put(c, t, select(0.0, query * (s[c] + own * added[c]), real)); }
      sumColumns(t);
      if (t < C && column + t < width) {
        let place = valueAt(b, first + i, r, h, column + t);
        outputs[place] = sums[t] + skip * values[place];
      }
    }`
        : ''
    }
    let write = rows[at + row_write];
    for (var c = 0u; c < C; c++) { s[c] += write * added[c]; }
  }
  if (real) {
    for (var c = 0u; c < C; c++) { state[param(${ownParameter + 1}) * all + place + c * K] = s[c]; }
  }
}`,
  }
}
