import type { Table } from '@ttt-e2e/report'

/** Milliseconds to read 1000 tokens at 3B on one H100, where they are stated. */
export const publishedPoints = [
  { system: 'full-attention', context: 8192, milliseconds: 12 },
  { system: 'full-attention', context: 131_072, milliseconds: 70 },
  { system: 'ttt-e2e', context: 8192, milliseconds: 25 },
  { system: 'ttt-e2e', context: 131_072, milliseconds: 25 },
]

export const publishedLatency: Table = {
  title: 'published: reading on one H100, 3B parameters (paper, figure 1 and 8)',
  columns: ['system', 'ms per 1000 tokens at 8K', 'at 128K', 'full attention ÷ ttt-e2e'],
  rows: [
    ['full-attention', '12', '70', '2.7 at 128K, 35 at 2M'],
    ['ttt-e2e', '25', '25', '1'],
  ],
  note: 'below the crossover full attention is the faster one',
}
