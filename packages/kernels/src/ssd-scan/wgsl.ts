import type { StateScan } from '../state-scan/scan'
import { scanKernels } from '../state-scan/wgsl'

const perGroup = '((b * length + token) * keyHeads + h / (heads / keyHeads)) * depth + i'
const perHead = '(b * length + token) * heads + h'

/** Mamba 2's scan: B writes, C reads. */
const scan: StateScan = {
  name: 'SsdScan',
  erases: false,
  weighs: false,
  byValue: true,
  sizes: ({ x: [batch, length, heads, width], B: [, , groups, depth] }) => ({
    batch,
    length,
    heads,
    keyHeads: groups,
    gateHeads: heads,
    depth,
    width,
    ranks: 1,
  }),
  rows: {
    inputs: ['dt', 'A', 'B', 'C', 'D'],
    log: `_dt[${perHead}] * _A[h]`,
    query: `_C[${perGroup}]`,
    key: `_B[${perGroup}]`,
    scale: `_dt[${perHead}]`,
    skip: '_D[h]',
  },
  values: 'x',
  gradients: {
    dt: { heads: 'heads', inputs: ['A'], term: 'of_(slope_scale) + _A[h] * ofAll(0u)' },
    B: { heads: 'keyHeads', channels: true, term: 'of_(slope_key + i)' },
    C: { heads: 'keyHeads', channels: true, term: 'of_(slope_query + i)' },
  },
  sums: {
    A: { heads: 'heads', inputs: ['dt'], term: `_dt[${perHead}] * ofAll(0u)` },
    D: { heads: 'heads', term: 'of_(slope_skip)' },
  },
}

export const gpuKernels = scanKernels(scan)
