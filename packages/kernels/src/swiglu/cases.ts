export const cases = [
  { name: 'odd width', shapes: { gate: [7, 33], up: [7, 33] } },
  { name: 'large values', shapes: { gate: [4, 16], up: [4, 16] }, scale: { gate: 30 } },
  { name: 'per sequence', shapes: { gate: [2, 3, 20], up: [2, 3, 20] } },
]
