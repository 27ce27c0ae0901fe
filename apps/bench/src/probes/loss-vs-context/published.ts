import type { Table } from '@ttt-e2e/report'

/** Of 3B models trained on 164B tokens: nats less full attention's (paper, figure 1, as read from its plot). */
export const publishedContexts: Table = {
  title: 'published: nats less full attention, 3B parameters',
  columns: ['system', '8K', '16K', '32K', '64K', '128K'],
  rows: [
    ['ttt-e2e', '−0.011', '−0.013', '−0.015', '−0.012', '−0.011'],
    ['swa', '+0.013', '+0.022', '+0.020', '+0.025', '+0.030'],
    ['hybrid-5-1', '+0.002', '+0.005', '+0.004', '+0.004', '+0.009'],
    ['mamba2', '+0.028', '+0.029', '+0.023', '+0.028', '+0.032'],
    ['gated-deltanet', '+0.023', '+0.020', '+0.011', '+0.018', '+0.022'],
    ['ttt-kvb', '+0.019', '+0.016', '+0.011', '+0.014', '+0.022'],
  ],
  note: 'read from the published plot to about 0.003; window and training length 8K, every system trained on at each length',
}
