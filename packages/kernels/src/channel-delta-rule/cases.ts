const scale = { k: 0.4, erase: 0.3, g: 0.3 }
const gates = { g: [-0.1, -0.7, -0.02, -1.5, -0.3] }

export const cases = [
  {
    name: 'chunks, the last one short',
    shapes: shapes(2, 11, [2, 2, 2], 3, 4),
    attributes: { chunk: 4 },
    scale,
  },
  { name: 'one token', shapes: shapes(2, 1, [2, 4, 4], 5, 3), scale },
  { name: 'shorter than a chunk, gates of value heads', shapes: shapes(1, 9, [2, 4, 4], 4, 5), scale },
  { name: 'gates of key heads', shapes: shapes(1, 9, [1, 1, 2], 4, 5), attributes: { chunk: 4 }, scale },
  { name: 'gates of neither', shapes: shapes(1, 5, [1, 2, 4], 2, 3), attributes: { chunk: 3 }, scale },
  { name: 'chunks of one', shapes: shapes(1, 5, [1, 2, 2], 3, 2), attributes: { chunk: 1 }, scale },
  {
    name: 'chunks that no power of two fits, many tokens',
    shapes: shapes(1, 45, [1, 2, 2], 5, 19),
    attributes: { chunk: 19 },
    values: gates,
    scale: { k: 0.3, erase: 0.2 },
  },
  {
    name: 'channels wider than a vector',
    shapes: shapes(1, 18, [1, 1, 1], 21, 3),
    values: gates,
    scale: { k: 0.2, erase: 0.2 },
  },
  {
    name: 'decays from 1 to nothing side by side',
    shapes: shapes(1, 23, [1, 2, 2], 3, 4),
    attributes: { chunk: 8 },
    values: { g: [-50, -0.1, 0, -5, -0.02, -120, -0.3, 0, -1, -0.4] },
    scale: { k: 0.5, erase: 0.4 },
  },
  {
    name: 'everything forgotten at each token',
    shapes: shapes(1, 9, [1, 2, 2], 3, 4),
    attributes: { chunk: 4 },
    values: { g: [-50, -1000] },
    scale: { k: 0.5, erase: 0.4 },
  },
  {
    name: 'keys of zero',
    shapes: shapes(1, 10, [1, 1, 1], 3, 4),
    attributes: { chunk: 4 },
    values: { ...gates, k: [0, 0, 0, 0, 0, 0, 0.6, 0.6, 0.5], erase: [0, 0, 0, 0, 0, 0, 0.3, 0.5, 0.4] },
  },
  {
    name: 'keys that are all alike',
    shapes: shapes(1, 64, [1, 1, 1], 4, 3),
    values: { g: [-0.01, -0.03, -0.02], k: [0.5], erase: [0.45, 0.4, 0.475] },
  },
]

/** @param heads of queries and keys, of gates, and of values */
function shapes(
  batch: number,
  length: number,
  heads: [number, number, number],
  keyWidth: number,
  width: number,
) {
  const [keyHeads, gateHeads, valueHeads] = heads
  const keys = [batch, length, keyHeads, keyWidth]
  const gates = [batch, length, gateHeads, keyWidth]
  return {
    q: keys,
    k: keys,
    erase: gates,
    v: [batch, length, valueHeads, width],
    g: gates,
    state: [batch, valueHeads, keyWidth, width],
  }
}
