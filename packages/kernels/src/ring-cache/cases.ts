const example = (name: string, batch: number, capacity: number, length: number, position: number[]) => ({
  name,
  shapes: { cache: [batch, capacity, 2, 3], rows: [batch, length, 2, 3], position: [batch] },
  integers: { position },
})

export const cases = [
  example('nothing read', 1, 5, 3, [0]),
  example('a ring that is not full', 2, 7, 3, [2]),
  example('a ring that fills up', 1, 5, 3, [2]),
  example('a ring that goes round', 1, 5, 3, [13]),
  example('sequences at different positions', 4, 5, 4, [0, 3, 5, 10_000_018]),
  example('one token', 3, 4, 1, [2, 3, 9]),
  example('more tokens than slots', 2, 3, 8, [1, 7]),
  example('one slot', 1, 1, 2, [6]),
  example('no token', 2, 4, 0, [3, 6]),
]
