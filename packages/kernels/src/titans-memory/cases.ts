const scale = { rate: 0.5, w0: 0.3, w2: 0.7, s0: 0.2, s1: 0.2, s2: 0.2, g1: 0.3, g2: 0.3 }
const gates = { ...scale, momentum: 5000, decay: 5000 }

export const cases = [
  {
    name: 'two chunks and a rest',
    shapes: titansMemoryShapes(2, 8, 6, 8),
    attributes: options(3),
    integers: after(0),
    scale,
  },
  {
    name: 'gradients at the start',
    shapes: titansMemoryShapes(1, 7, 8, 6),
    attributes: options(3, { gradientsAtStart: 1, epsilon: 1e-5 }),
    integers: after(0),
    scale,
  },
  {
    name: 'starts inside a chunk',
    shapes: titansMemoryShapes(1, 6, 5, 7),
    attributes: options(4),
    integers: after(6),
    scale,
  },
  {
    name: 'inside a chunk, gradients at the start',
    shapes: titansMemoryShapes(1, 7, 3, 6),
    attributes: options(3, { gradientsAtStart: 1 }),
    integers: after(5),
    scale,
  },
  {
    name: 'ends with a full chunk',
    shapes: titansMemoryShapes(1, 4, 7, 5),
    attributes: options(2),
    integers: after(0),
    scale,
  },
  {
    name: 'chunks of one token',
    shapes: titansMemoryShapes(1, 3, 4, 6),
    attributes: options(1),
    integers: after(0),
    scale,
  },
  {
    name: 'one token',
    shapes: titansMemoryShapes(3, 1, 5, 6),
    attributes: options(4),
    integers: after(1),
    scale,
  },
  {
    name: 'one token completes a chunk',
    shapes: titansMemoryShapes(1, 1, 6, 5),
    attributes: options(2),
    integers: after(3),
    scale,
  },
  {
    name: 'more than a block of tokens',
    shapes: titansMemoryShapes(2, 73, 5, 18),
    attributes: options(70),
    integers: after(0),
    scale: { ...scale, rate: 0.05 },
  },
  {
    name: 'heads at different positions',
    shapes: titansMemoryShapes(4, 5, 5, 6),
    attributes: options(3),
    integers: after(0, 2, 3, 10_000_001),
    scale,
  },
  {
    name: 'rates of zero',
    shapes: titansMemoryShapes(1, 5, 5, 4),
    attributes: options(2),
    integers: after(0),
    scale: { ...scale, rate: 0 },
  },
  {
    name: 'η and α of 0 and 1',
    shapes: titansMemoryShapes(4, 5, 5, 4),
    attributes: options(2, { epsilon: 1 }),
    integers: after(0),
    scale: gates,
  },
  {
    name: 'keys of zero',
    shapes: titansMemoryShapes(1, 5, 5, 4),
    attributes: options(2),
    integers: after(0),
    scale: { ...scale, k: 0 },
  },
]

/** Layer norms of few, nearly equal values are steep: a larger ε keeps sums that nearly cancel within float32. */
function options(chunk: number, others: { gradientsAtStart?: number; epsilon?: number } = {}) {
  return { chunk, epsilon: 0.3, ...others }
}

/** Tokens that were read before. */
function after(...position: number[]) {
  return { position }
}

/** Of an op's inputs. */
export function titansMemoryShapes(heads: number, length: number, width: number, hidden: number) {
  const [w0, w1, w2] = [
    [heads, 1, width],
    [heads, width, hidden],
    [heads, hidden, width],
  ]
  const vectors = [heads, length, width]
  const scalars = [heads, length, 1]
  return {
    q: vectors,
    k: vectors,
    v: vectors,
    rate: scalars,
    momentum: scalars,
    decay: scalars,
    w0,
    w1,
    w2,
    s0: w0,
    s1: w1,
    s2: w2,
    g0: w0,
    g1: w1,
    g2: w2,
    momentumSum: [heads, 1, 1],
    decaySum: [heads, 1, 1],
    position: [heads],
  }
}
