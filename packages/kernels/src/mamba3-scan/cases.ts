import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'

const scale = { write: 0.5, own: 0.5 }
const decays = [-0.5, 0, -0.03, -2, -0.2]

export const cases: OpCase<{ chunk: number }>[] = [
  {
    name: 'chunks, the last one short',
    shapes: shapes(2, 11, 1, 2, 3, 4),
    attributes: { chunk: 4 },
    values: { g: decays },
    scale,
  },
  { name: 'one token', shapes: shapes(2, 1, 1, 2, 5, 3), values: { g: decays }, scale },
  {
    name: 'ranks',
    shapes: shapes(1, 9, 3, 2, 4, 5),
    attributes: { chunk: 12 },
    values: { g: decays },
    scale,
  },
  { name: 'one token of two ranks', shapes: shapes(1, 1, 2, 3, 2, 4), values: { g: decays }, scale },
  {
    name: 'chunks of one',
    shapes: shapes(1, 5, 1, 2, 3, 2),
    attributes: { chunk: 1 },
    values: { g: decays },
  },
  {
    name: 'wide heads',
    shapes: shapes(1, 70, 1, 2, 19, 24),
    attributes: { chunk: 32 },
    values: { g: [-0.3, -0.001, -0.2], write: [0.3, 0.01, 0.2, 0.7], own: [0.05, 0.3] },
  },
  {
    name: 'five ranks in long chunks',
    shapes: shapes(1, 31, 5, 1, 6, 8),
    attributes: { chunk: 64 },
    values: { g: [-0.3, -0.001, -0.2], write: [0.3, 0.01, 0.2], own: [0.05, 0.3] },
  },
  {
    name: 'decays from 1 to nothing side by side',
    shapes: shapes(1, 23, 1, 2, 3, 4),
    attributes: { chunk: 8 },
    values: { g: [-50, 0, -0.03, -1e4, -200, -0.2], write: [1, 0.001, 0, 2], own: [0, 0.3, 1] },
  },
]

function shapes(batch: number, length: number, ranks: number, heads: number, width: number, depth: number) {
  const perToken = [batch, length, heads]
  return {
    q: [batch, length, ranks, heads, depth],
    k: [batch, length, ranks, heads, depth],
    v: [batch, length, ranks, heads, width],
    g: perToken,
    write: perToken,
    own: perToken,
    D: [heads],
    state: [batch, heads, width, depth],
    keyBefore: [batch, ranks, heads, depth],
    valueBefore: [batch, ranks, heads, width],
    writeBefore: [batch, heads],
  }
}
