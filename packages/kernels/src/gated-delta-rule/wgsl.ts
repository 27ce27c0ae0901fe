import { scanKernels } from '../state-scan/wgsl'
import type { StateScan } from '../state-scan/scan'

const [perKey, perHead] = ['((b * length + token) * keyHeads + h / (heads / keyHeads)) * depth + i', '(b * length + token) * heads + h'] // prettier-ignore

/** The rule with β in what erases and in what is written. */
const scan: StateScan = {
  name: 'GatedDeltaRule',
  erases: true,
  weighs: false,
  byValue: false,
  sizes: ({ k: [batch, length, keyHeads, depth], v: [, , heads, width] }) => ({
    batch,
    length,
    heads,
    keyHeads,
    gateHeads: heads,
    depth,
    width,
    ranks: 1,
  }),
  rows: {
    inputs: ['q', 'k', 'g', 'beta'],
    log: `_g[${perHead}]`,
    query: `_q[${perKey}]`,
    key: `_k[${perKey}]`,
    erase: `_beta[${perHead}] * _k[${perKey}]`,
    scale: `_beta[${perHead}]`,
  },
  values: 'v',
  gradients: {
    q: { heads: 'keyHeads', channels: true, term: 'of_(slope_query + i)' },
    k: {
      heads: 'keyHeads',
      channels: true,
      inputs: ['beta'],
      term: `of_(slope_key + i) + _beta[${perHead}] * of_(slope_erase + i)`,
    },
    g: { heads: 'heads', term: 'ofAll(0u)' },
    beta: {
      heads: 'heads',
      inputs: ['k'],
      term: 'of_(slope_scale) + alongKey(b, token, h)',
      functions: `
fn alongKey(b: u32, token: u32, h: u32) -> f32 {
  var sum = 0.0;
  let from_ = ((b * param(4) + token) * param(9) + h / (param(5) / param(9))) * param(6);
  for (var j = 0u; j < param(6); j++) { sum += _k[from_ + j] * of_(slope_erase + j); }
  return sum;
}`,
    },
  },
}

export const gpuKernels = scanKernels(scan)
