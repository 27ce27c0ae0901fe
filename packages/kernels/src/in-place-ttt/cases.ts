export const cases = [
  { name: 'chunks, the last one open', shapes: shapes(2, 11, 3, 4, 4), integers: { position: [0] } },
  { name: 'whole chunks', shapes: shapes(1, 8, 3, 5, 4), integers: { position: [0] } },
  { name: 'one token, which ends a chunk', shapes: shapes(1, 1, 3, 4, 4), integers: { position: [3] } },
  { name: 'one token of an open chunk', shapes: shapes(1, 1, 2, 3, 4), integers: { position: [5] } },
  {
    name: 'sequences at different places',
    shapes: shapes(3, 7, 3, 4, 3),
    integers: { position: [2, 0, 7] },
  },
  { name: 'chunks of one', shapes: shapes(1, 4, 2, 3, 1), integers: { position: [6] } },
  { name: 'wide', shapes: shapes(1, 40, 20, 33, 16), integers: { position: [5] } },
]

function shapes(batch: number, length: number, width: number, hidden: number, chunk: number) {
  return {
    h: [batch, length, hidden],
    t: [batch, length, width],
    conv: [width, 5],
    fast: [batch, width, hidden],
    hOpen: [batch, chunk, hidden],
    tOpen: [batch, chunk, width],
    position: [batch],
  }
}
