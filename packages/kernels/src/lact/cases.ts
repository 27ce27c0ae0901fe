const scale = {
  q: 0.7,
  k: 0.7,
  v: 0.7,
  lr: 0.2,
  momentum: 0.5,
  w0: 0.7,
  w1: 0.7,
  w2: 0.7,
  m0: 0.2,
  m1: 0.2,
  m2: 0.2,
}

export const cases = [
  {
    name: 'three chunks and a rest',
    shapes: lactShapes(2, 11, 3, 4),
    attributes: options(3),
    integers: after(0),
    scale,
  },
  {
    name: 'rescaled copies',
    shapes: lactShapes(2, 8, 4, 3),
    attributes: options(3, 1),
    integers: after(0),
    scale,
  },
  {
    name: 'starts inside a chunk',
    shapes: lactShapes(1, 6, 3, 5),
    attributes: options(4),
    integers: after(7),
    scale,
  },
  {
    name: 'rescaled copies from the start on',
    shapes: lactShapes(1, 5, 3, 2),
    attributes: options(4, 1),
    integers: after(6),
    scale,
  },
  {
    name: 'starts at a full chunk',
    shapes: lactShapes(1, 3, 3, 2),
    attributes: options(4),
    integers: after(8),
    scale,
  },
  {
    name: 'heads at different positions',
    shapes: lactShapes(4, 5, 3, 2),
    attributes: options(3, 1),
    integers: after(0, 3, 5, 10_000_001),
    scale,
  },
  { name: 'one token', shapes: lactShapes(3, 1, 5, 4), attributes: options(4), integers: after(2), scale },
  {
    name: 'one token begins a chunk',
    shapes: lactShapes(1, 1, 2, 3),
    attributes: options(2, 1),
    integers: after(2),
    scale,
  },
  {
    name: 'more than a block of tokens',
    shapes: lactShapes(2, 73, 5, 20),
    attributes: options(70),
    integers: after(0),
    scale: { ...scale, lr: 0.05 },
  },
  {
    name: 'rates of zero',
    shapes: lactShapes(1, 5, 2, 3),
    attributes: options(2),
    integers: after(0),
    scale: { ...scale, lr: 0 },
  },
  {
    name: 'no momentum',
    shapes: lactShapes(1, 5, 2, 3),
    attributes: options(2),
    integers: after(0),
    scale: { ...scale, momentum: 0 },
  },
  {
    name: 'keys of zero',
    shapes: lactShapes(1, 5, 2, 3),
    attributes: options(2),
    integers: after(0),
    scale: { ...scale, k: 0 },
  },
]

function options(chunk: number, preNorm = 0) {
  return { chunk, preNorm }
}

/** Tokens that were read before. */
function after(...position: number[]) {
  return { position }
}

/** Of an op's inputs. */
export function lactShapes(heads: number, length: number, width: number, hidden: number) {
  const sizes = { 0: [heads, hidden, width], 1: [heads, width, hidden], 2: [heads, hidden, width] }
  const [w0, w1, w2] = [sizes[0], sizes[1], sizes[2]]
  return {
    q: [heads, length, width],
    k: [heads, length, width],
    v: [heads, length, width],
    lr: [heads, length, 3],
    momentum: [heads, length, 1],
    norm0: [heads, hidden, 1],
    norm1: [heads, width, 1],
    norm2: [heads, hidden, 1],
    w0,
    w1,
    w2,
    m0: w0,
    m1: w1,
    m2: w2,
    g0: w0,
    g1: w1,
    g2: w2,
    momentumSum: [heads, 1, 1],
    position: [heads],
  }
}
