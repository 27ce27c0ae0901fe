export const cases = [
  { name: 'tokens', shapes: { x: [2, 5, 24], scale: [24] } },
  { name: 'heads', shapes: { x: [2, 9, 3, 8], scale: [8] } },
  { name: 'odd width', shapes: { x: [67, 33], scale: [33] } },
  { name: 'values below the epsilon', shapes: { x: [3, 16], scale: [16] }, scale: { x: 1e-3 } },
]
