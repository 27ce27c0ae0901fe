export const cases = [
  { name: 'causal', shapes: shapes(2, 9, 9, 2, 2, 8), attributes: { window: 0 }, integers: { offset: [0] } },
  {
    name: 'window',
    shapes: shapes(1, 40, 40, 2, 2, 16),
    attributes: { window: 12 },
    integers: { offset: [0] },
  },
  {
    name: 'window with cached keys',
    shapes: shapes(2, 8, 24, 2, 2, 16),
    attributes: { window: 12 },
    integers: { offset: [16] },
  },
  {
    name: 'grouped heads',
    shapes: shapes(1, 7, 7, 4, 2, 8),
    attributes: { window: 0 },
    integers: { offset: [0] },
  },
  {
    name: 'one token',
    shapes: shapes(1, 1, 5, 2, 1, 8),
    attributes: { window: 4 },
    integers: { offset: [4] },
  },
  { name: 'one key', shapes: shapes(1, 1, 1, 2, 2, 8), attributes: { window: 4 }, integers: { offset: [0] } },
  {
    name: 'window of one',
    shapes: shapes(1, 6, 6, 1, 1, 8),
    attributes: { window: 1 },
    integers: { offset: [0] },
  },
  {
    name: 'sharp',
    shapes: shapes(1, 16, 16, 2, 2, 8),
    attributes: { window: 0 },
    integers: { offset: [0] },
    scale: { q: 5, k: 3 },
  },
  {
    name: 'odd length',
    shapes: shapes(1, 37, 37, 1, 1, 9),
    attributes: { window: 0 },
    integers: { offset: [0] },
  },
  { name: 'window longer than the text', shapes: shapes(1, 21, 21, 1, 1, 8), attributes: { window: 64 }, integers: { offset: [0] } }, // prettier-ignore
  {
    name: 'more than a tile, grouped heads',
    shapes: shapes(1, 150, 150, 2, 1, 16),
    attributes: { window: 110 },
    integers: { offset: [0] },
  },
  {
    name: 'grouped heads with cached keys',
    shapes: shapes(2, 35, 52, 4, 2, 8),
    attributes: { window: 17 },
    integers: { offset: [17] },
  },
  {
    name: 'sequences at different places, some keys past the end',
    shapes: shapes(3, 5, 14, 2, 1, 8),
    attributes: { window: 0 },
    integers: { offset: [0, 9, 4] },
  },
  {
    name: 'sequences at different places in a window',
    shapes: shapes(3, 35, 75, 2, 2, 8),
    attributes: { window: 12 },
    integers: { offset: [40, 0, 7] },
  },
  { name: 'wide', shapes: shapes(1, 70, 70, 1, 1, 64), attributes: { window: 0 }, integers: { offset: [0] } },
]

function shapes(
  batch: number,
  queries: number,
  keys: number,
  heads: number,
  keyHeads: number,
  width: number,
) {
  return {
    q: [batch, queries, heads, width],
    k: [batch, keys, keyHeads, width],
    v: [batch, keys, keyHeads, width],
    offset: [batch],
  }
}
