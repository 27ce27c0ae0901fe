export const cases = [
  { name: 'rows', shapes: { x: [7, 5], weight: [5, 9] } },
  { name: 'one token', shapes: { x: [1, 1, 12], weight: [12, 3] } },
  { name: 'tokens of a batch', shapes: { x: [3, 33, 17], weight: [17, 40] } },
  { name: 'a weight for each sequence', shapes: { x: [3, 33, 17], weight: [3, 17, 40] } },
]
