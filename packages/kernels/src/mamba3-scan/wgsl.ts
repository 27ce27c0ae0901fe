import type { StateScan } from '../state-scan/scan'
import { scanKernels } from '../state-scan/wgsl'

const perRank = '(((b * length + token) * ranks + r) * heads + h) * depth + i'
const perHead = '(b * length + token) * heads + h'
const before = '((b * ranks + r) * heads + h)'

/** Mamba 3's scan, of any rank. What the token before still has to write stands in the state that it starts from. */
const scan: StateScan = {
  name: 'MambaThreeScan',
  erases: false,
  weighs: true,
  byValue: true,
  sizes: ({ q: [batch, length, ranks, heads, depth], v: [, , , , width] }) => ({
    batch,
    length,
    heads,
    keyHeads: heads,
    gateHeads: heads,
    depth,
    width,
    ranks,
  }),
  rows: {
    inputs: ['q', 'k', 'g', 'write', 'own', 'D'],
    log: `_g[${perHead}]`,
    query: `_q[${perRank}]`,
    key: `_k[${perRank}]`,
    write: `_write[${perHead}]`,
    own: `_own[${perHead}]`,
    skip: '_D[h]',
  },
  values: 'v',
  gradients: {
    q: { heads: 'heads', ranks: true, channels: true, term: 'of_(slope_query + r * depth + i)' },
    k: { heads: 'heads', ranks: true, channels: true, term: 'of_(slope_key + r * depth + i)' },
    g: { heads: 'heads', term: 'ofAll(0u)' },
    write: { heads: 'heads', term: 'ofAll(slope_write)' },
    own: { heads: 'heads', term: 'ofAll(slope_own)' },
  },
  sums: { D: { heads: 'heads', term: 'of_(slope_skip)' } },
  start: {
    inputs: ['keyBefore', 'valueBefore', 'writeBefore'],
    term: `
      for (var r = 0u; r < ranks; r++) {
        sum += _writeBefore[unit] * _valueBefore[${before} * width + c] * _keyBefore[${before} * depth + i];
      }`,
    gradients: {
      keyBefore: {
        inputs: ['valueBefore', 'writeBefore'],
        body: `
    let i = n % depth;
    let h = n / depth % heads;
    let r = n / depth / heads % ranks;
    let b = n / depth / heads / ranks;
    let unit = b * heads + h;
    for (var c = 0u; c < width; c++) { sum += slopeAt(unit, i, c) * _valueBefore[${before} * width + c]; }
    sum *= _writeBefore[unit];`,
      },
      valueBefore: {
        inputs: ['keyBefore', 'writeBefore'],
        body: `
    let c = n % width;
    let h = n / width % heads;
    let r = n / width / heads % ranks;
    let b = n / width / heads / ranks;
    let unit = b * heads + h;
    for (var i = 0u; i < depth; i++) { sum += slopeAt(unit, i, c) * _keyBefore[${before} * depth + i]; }
    sum *= _writeBefore[unit];`,
      },
      writeBefore: {
        inputs: ['keyBefore', 'valueBefore'],
        body: `
    let unit = n;
    let h = unit % heads;
    let b = unit / heads;
    for (var r = 0u; r < ranks; r++) {
      for (var i = 0u; i < depth; i++) {
        var along = 0.0;
        for (var c = 0u; c < width; c++) { along += slopeAt(unit, i, c) * _valueBefore[${before} * width + c]; }
        sum += along * _keyBefore[${before} * depth + i];
      }
    }`,
      },
    },
  },
}

export const gpuKernels = scanKernels(scan)
