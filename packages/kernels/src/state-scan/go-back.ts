import type { GpuKernel } from '../engines/webgpu/kernel'
import { columnTotals, tileCode, valueCode } from './read'
import { floats, placesCode, placesKey, sizesCode, threadsOf, type ScanForm, type ScanSizes } from './sizes'

/**
 * Goes from the last token to the first with the slope G of the state after each, from the states before each. With dX the
 * outer products of queries and what is asked of outputs, E = own dX + write G: w has the slope Eᵀ k, a key E w, a query
 * (D + own Z) d_y, what erases −D dw, a decay's logarithm the row's Σ D ⊙ (G + dX − erase dwᵀ), which times the decay is
 * the next G. Sums over rows are whole, those over columns are left to be summed over tiles.
 */
export function goBackKernel(sizes: ScanSizes, form: ScanForm, asked: boolean): GpuKernel {
  const { erases, weighs } = form
  const askedFor = asked ? 'asked[valueAt(b, first + i, r, h, column + c)]' : '0.0'
  return {
    name: `state scan, going back${asked ? '' : ' without outputs'}, ${placesKey(sizes, form)}`,
    inputs: floats(['rows', 'values', 'states', ...(asked ? ['asked'] : []), ...(erases ? ['written'] : [])]),
    outputs: floats(['slope', 'slopes', 'ofValues']),
    code: `
${columnTotals(sizes.depth)}
${placesCode(sizes, form)}
${valueCode}
@compute @workgroup_size(${threadsOf(sizes.depth)})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
${sizesCode}
${tileCode}
  var g = array<f32, C>();
  for (var c = 0u; c < C; c++) { g[c] = slope[place + c * K]; }
  for (var left = count; left > 0u; left--) {
    let i = left - 1u;
    let at = (i * units + unit) * row_all;
    let to = ((i * units + unit) * tiles + tile) * slope_all;
    let scale = rows[at + row_scale];
    let write = rows[at + row_write];
    let own = rows[at + row_own];
    let skip = rows[at + row_skip];
    let decay = rows[at + row];
    var d = array<f32, C>();
    var added = array<f32, C>();
    var read = array<f32, C>();
    for (var c = 0u; c < C; c++) { d[c] = decay * states[((unit * tiles + tile) * count + i) * C * K + c * K + row]; }
    for (var r = 0u; r < ranks; r++) {
      let query = rows[at + row_query + r * K + row];
      let key = rows[at + row_key + r * K + row];
      for (var c = 0u; c < C; c++) {
        if (column + c < width) {
          read[c] += query * ${askedFor};
          added[c] += key * ${erases ? 'written[(i * units + unit) * width + column + c]' : 'scale * values[valueAt(b, first + i, r, h, column + c)]'};
        }
      }
    }
    ${
      weighs
        ? `var ofWrite = 0.0;
    var ofOwn = 0.0;
    for (var c = 0u; c < C; c++) {
      ofWrite += g[c] * added[c];
      ofOwn += read[c] * added[c];
    }
    if (real) {
      slopes[to + slope_write + row] = ofWrite;
      slopes[to + slope_own + row] = ofOwn;
    }`
        : ''
    }
    var ofScale = 0.0;
    var ofSkip = 0.0;
    var ofErase = 0.0;
    for (var r = 0u; r < ranks; r++) {
      let key = rows[at + row_key + r * K + row];
      var ofQuery = 0.0;
      var ofKey = 0.0;
      for (var c = 0u; c < C; c++) {
        let e = own * read[c] + write * g[c];
        put(c, t, select(0.0, key * e, real));
        if (column + c < width) {
          ofQuery += (d[c] + own * added[c]) * ${askedFor};
          ofKey += e * ${erases ? 'written[(i * units + unit) * width + column + c]' : 'scale * values[valueAt(b, first + i, r, h, column + c)]'};
        }
      }
      if (real) {
        slopes[to + slope_query + r * K + row] = ofQuery;
        slopes[to + slope_key + r * K + row] = ofKey;
      }
      sumColumns(t);
      if (t < C && column + t < width) {
        let c = t;
        ofValues[valueAt(b, first + i, r, h, column + c)] = scale * sums[c] + skip * ${askedFor};
      }
      for (var c = 0u; c < C; c++) {
        if (column + c < width) {
          ${
            erases
              ? `ofErase -= d[c] * sums[c];
          read[c] -= rows[at + row_erase + row] * sums[c];`
              : ''
          }
          if (t == 0u) {
            let value = values[valueAt(b, first + i, r, h, column + c)];
            ofScale += value * sums[c];
            ofSkip += value * ${askedFor};
          }
        }
      }
    }
    if (t == 0u) {
      slopes[to + slope_scale] = ofScale;
      slopes[to + slope_skip] = ofSkip;
    }
    var ofDecay = 0.0;
    for (var c = 0u; c < C; c++) {
      let ofD = g[c] + read[c];
      ofDecay += ofD * d[c];
      g[c] = decay * ofD;
    }
    if (real) {
      slopes[to + row] = ofDecay;
      ${erases ? 'slopes[to + slope_erase + row] = ofErase;' : ''}
    }
  }
  if (real) {
    for (var c = 0u; c < C; c++) { slope[place + c * K] = g[c]; }
  }
}`,
  }
}
