const scale = { A: 0.5, dt: 0.5 }

export const cases = [
  {
    name: 'chunks, the last one short',
    shapes: shapes(2, 11, 2, 1, 3, 4),
    attributes: { chunk: 4 },
    scale,
  },
  { name: 'one token', shapes: shapes(2, 1, 4, 2, 5, 3), scale },
  { name: 'shorter than a chunk, groups', shapes: shapes(1, 9, 6, 3, 4, 5), scale },
  {
    name: 'chunks of one',
    shapes: shapes(1, 5, 2, 2, 3, 2),
    attributes: { chunk: 1 },
    scale,
  },
  {
    name: 'wide heads, groups',
    shapes: shapes(1, 70, 4, 2, 19, 24),
    attributes: { chunk: 32 },
    values: { dt: [0.3, 0.01, 0.2, 0.7, 0.05], A: [-1, -0.1, -3] },
  },
  {
    name: 'steps of 0',
    shapes: shapes(1, 10, 2, 1, 3, 4),
    attributes: { chunk: 4 },
    values: { dt: [0, 0, 0.5, 0, 0, 0, 0.2], A: [-1, -2] },
  },
  {
    name: 'decays from 1 to nothing side by side',
    shapes: shapes(1, 23, 2, 1, 3, 4),
    attributes: { chunk: 8 },
    values: { dt: [1, 0.001, 0.5, 2, 0.03, 0, 0.2], A: [-50, -200] },
    scale: { dt: 0.01 },
  },
  {
    name: 'everything forgotten at each token',
    shapes: shapes(1, 9, 2, 1, 3, 4),
    attributes: { chunk: 4 },
    values: { dt: [1, 3], A: [-50, -1000] },
  },
]

function shapes(batch: number, length: number, heads: number, groups: number, width: number, state: number) {
  return {
    x: [batch, length, heads, width],
    dt: [batch, length, heads],
    A: [heads],
    B: [batch, length, groups, state],
    C: [batch, length, groups, state],
    D: [heads],
    state: [batch, heads, width, state],
  }
}
