import type { NeedleKind } from '@ttt-e2e/data'

/** Contexts of the published table, in windows of 8K: 8K to 128K. */
export const publishedMultiples = [1, 2, 4, 8, 16]

/** S-NIAH at 3B, needles anywhere (arXiv 2512.23675, table 2), by the names of the systems here. */
export const published: Record<string, Record<NeedleKind, readonly number[]>> = {
  'full-attention': {
    'pass-key': [1, 1, 1, 1, 0.99],
    number: [0.99, 1, 1, 1, 0.86],
    uuid: [0.64, 0.64, 0.67, 0.83, 0.64],
  },
  swa: {
    'pass-key': [1, 0.5, 0.26, 0.13, 0.07],
    number: [1, 0.43, 0.28, 0.16, 0.05],
    uuid: [0.57, 0.41, 0.24, 0.09, 0.05],
  },
  'hybrid-5-1': {
    'pass-key': [1, 0.93, 0.88, 0.69, 0.21],
    number: [1, 1, 0.99, 0.89, 0.29],
    uuid: [0.63, 0.56, 0.32, 0.17, 0.06],
  },
  mamba2: {
    'pass-key': [0.99, 0.49, 0.26, 0.13, 0.07],
    number: [0.99, 0.43, 0.28, 0.16, 0.05],
    uuid: [0.77, 0.36, 0.24, 0.08, 0.04],
  },
  'gated-deltanet': {
    'pass-key': [1, 0.5, 0.26, 0.13, 0.07],
    number: [1, 0.43, 0.27, 0.16, 0.05],
    uuid: [0.91, 0.45, 0.23, 0.07, 0.03],
  },
  'ttt-kvb': {
    'pass-key': [0.98, 0.43, 0.22, 0.1, 0.01],
    number: [1, 0.43, 0.27, 0.16, 0.05],
    uuid: [0.74, 0.34, 0.23, 0.06, 0.04],
  },
  'ttt-e2e': {
    'pass-key': [1, 0.46, 0.24, 0.13, 0.06],
    number: [0.99, 0.43, 0.28, 0.16, 0.05],
    uuid: [0.77, 0.44, 0.24, 0.1, 0.03],
  },
}
