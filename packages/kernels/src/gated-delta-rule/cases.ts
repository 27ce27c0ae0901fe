const scale = { k: 0.4, g: 0.3, beta: 0.5 }
const gates = { g: [-0.1, -0.7, -0.02], beta: [0.5, 0.9] }

export const cases = [
  { name: 'chunks, the last one short', shapes: shapes(2, 11, 2, 2, 3, 4), attributes: { chunk: 4 }, scale },
  { name: 'one token', shapes: shapes(2, 1, 2, 4, 5, 3), scale },
  { name: 'shorter than a chunk, grouped heads', shapes: shapes(1, 9, 2, 4, 4, 5), scale },
  { name: 'chunks of one', shapes: shapes(1, 5, 1, 2, 3, 2), attributes: { chunk: 1 }, scale },
  {
    name: 'chunks that no power of two fits, many tokens',
    shapes: shapes(1, 83, 1, 2, 8, 19),
    attributes: { chunk: 29 },
    values: gates,
    scale: { k: 0.3 },
  },
  {
    name: 'gates of 0 and 1',
    shapes: shapes(1, 10, 1, 2, 3, 4),
    attributes: { chunk: 4 },
    values: { g: [0, 0, -0.3], beta: [0, 1, 1, 0, 1] },
    scale: { k: 0.5 },
  },
  {
    name: 'decays from 1 to nothing side by side',
    shapes: shapes(1, 23, 1, 2, 3, 4),
    attributes: { chunk: 8 },
    values: { g: [-50, -0.1, 0, -5, -0.02, -120, -0.3, 0, -1], beta: [0.5, 1, 0.3, 2] },
    scale: { k: 0.5 },
  },
  {
    name: 'everything forgotten at each token',
    shapes: shapes(1, 9, 1, 2, 3, 4),
    attributes: { chunk: 4 },
    values: { g: [-50, -1000], beta: [0.5, 1, 0.3] },
    scale: { k: 0.5 },
  },
  {
    name: 'keys of zero',
    shapes: shapes(1, 10, 1, 1, 3, 4),
    attributes: { chunk: 4 },
    values: { ...gates, k: [0, 0, 0, 0, 0, 0, 0.6, 0.6, 0.5] },
  },
  {
    name: 'keys that are all alike',
    shapes: shapes(1, 64, 1, 1, 4, 3),
    values: { g: [-0.01, -0.03], beta: [0.9, 0.8, 0.95], k: [0.5] },
  },
]

function shapes(
  batch: number,
  length: number,
  keyHeads: number,
  heads: number,
  keyWidth: number,
  width: number,
) {
  return {
    q: [batch, length, keyHeads, keyWidth],
    k: [batch, length, keyHeads, keyWidth],
    v: [batch, length, heads, width],
    g: [batch, length, heads],
    beta: [batch, length, heads],
    state: [batch, heads, keyWidth, width],
  }
}
