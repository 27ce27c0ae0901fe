import type { StateScan } from '../state-scan/scan'
import { scanKernels } from '../state-scan/wgsl'

const perKey = '((b * length + token) * keyHeads + h / (heads / keyHeads)) * depth + i'
const perGate = '((b * length + token) * gateHeads + h / (heads / gateHeads)) * depth + i'

/** KDA's and Gated DeltaNet-2's rule. */
export const scan: StateScan = {
  name: 'ChannelDeltaRule',
  erases: true,
  weighs: false,
  byValue: false,
  sizes: ({ k: [batch, length, keyHeads, depth], g: [, , gateHeads], v: [, , heads, width] }) => ({
    batch,
    length,
    heads,
    keyHeads,
    gateHeads,
    depth,
    width,
    ranks: 1,
  }),
  rows: {
    inputs: ['q', 'k', 'erase', 'g'],
    log: `_g[${perGate}]`,
    query: `_q[${perKey}]`,
    key: `_k[${perKey}]`,
    erase: `_erase[${perGate}]`,
  },
  values: 'v',
  gradients: {
    q: { heads: 'keyHeads', channels: true, term: 'of_(slope_query + i)' },
    k: { heads: 'keyHeads', channels: true, term: 'of_(slope_key + i)' },
    erase: { heads: 'gateHeads', channels: true, term: 'of_(slope_erase + i)' },
    g: { heads: 'gateHeads', channels: true, term: 'of_(i)' },
  },
}

export const gpuKernels = scanKernels(scan)
