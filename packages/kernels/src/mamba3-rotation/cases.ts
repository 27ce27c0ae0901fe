export const cases = [
  { name: 'pairs side by side, some turn', shapes: shapes(2, 5, 1, 4, 2, 8, 2) },
  { name: 'pairs of halves, ranks', shapes: shapes(1, 4, 3, 2, 1, 8, 3), attributes: { halves: 1 } },
  { name: 'all pairs turn', shapes: shapes(1, 7, 2, 2, 2, 6, 3) },
  { name: 'one token', shapes: shapes(2, 1, 1, 2, 1, 4, 1), attributes: { halves: 1 } },
  {
    name: 'wide, steps from 0 on',
    shapes: shapes(1, 5, 1, 2, 1, 40, 19),
    // Few enough turns for none of the last angles to wrap between finite differences.
    values: { dt: [0, 0.01, 3, 0.5] },
  },
]

function shapes(
  batch: number,
  length: number,
  ranks: number,
  heads: number,
  groups: number,
  width: number,
  pairs: number,
) {
  return {
    B: [batch, length, ranks, groups, width],
    C: [batch, length, ranks, groups, width],
    dt: [batch, length, heads],
    theta: [batch, length, pairs],
    bBias: [heads, ranks, width],
    cBias: [heads, ranks, width],
    angle: [batch, heads, pairs],
  }
}
