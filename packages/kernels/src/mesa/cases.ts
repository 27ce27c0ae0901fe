import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'

const scale = { q: 0.5, k: 0.5 }
const gates = { g: [-0.5, 0, -0.03, -2, -0.2], beta: [0.5, 0.9, 0, 0.3, 1, 0.7, 0.2] }

/** A sum of keys' products is symmetric and positive; lambda is above 0. */
const sums: Record<number, number[]> = {
  3: [0.8, 0.1, -0.2, 0.1, 0.5, 0.05, -0.2, 0.05, 0.9],
  4: [0.8, 0.1, -0.2, 0, 0.1, 0.5, 0.05, 0.1, -0.2, 0.05, 0.9, 0.2, 0, 0.1, 0.2, 0.4],
}
const values = (depth: number) => ({
  ...gates,
  lambda: [0.4, 0.3, 0.7, 0.25, 1],
  keys: sums[depth] ?? Array.from({ length: depth ** 2 }, (_, i) => (i % (depth + 1) === 0 ? 0.5 : 0.01)),
})

export const cases: OpCase<{ chunk: number }>[] = [
  { name: 'chunks, the last one short', shapes: shapes(2, 7, 2, 3, 4), attributes: { chunk: 3 }, values: values(3), scale }, // prettier-ignore
  { name: 'one token', shapes: shapes(2, 1, 2, 4, 3), values: values(4), scale },
  {
    name: 'chunks of one',
    shapes: shapes(1, 4, 1, 3, 2),
    attributes: { chunk: 1 },
    values: values(3),
    scale,
  },
  { name: 'one channel', shapes: shapes(1, 5, 2, 1, 2), values: values(1), scale },
  {
    name: 'wide heads, many tokens',
    shapes: shapes(1, 37, 1, 20, 19),
    values: values(20),
    scale: { q: 0.3, k: 0.3 },
  },
  {
    name: 'decays from 1 to nothing side by side',
    shapes: shapes(1, 9, 1, 4, 3),
    attributes: { chunk: 4 },
    values: { ...values(4), g: [0, -0.03, -50, -1e4, -200, -0.2] },
    scale,
  },
]

function shapes(batch: number, length: number, heads: number, depth: number, width: number) {
  return {
    q: [batch, length, heads, depth],
    k: [batch, length, heads, depth],
    v: [batch, length, heads, width],
    g: [batch, length, heads],
    beta: [batch, length, heads],
    lambda: [heads, depth],
    keys: [batch, heads, depth, depth],
    values: [batch, heads, depth, width],
  }
}
