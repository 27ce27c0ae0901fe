export const cases = [
  { name: 'from the start', shapes: { x: [2, 9, 3, 8] }, attributes: { theta: 500_000, offset: 0 } },
  { name: 'one token after many', shapes: { x: [1, 1, 2, 6] }, attributes: { theta: 10_000, offset: 129 } },
  {
    name: 'with a period',
    shapes: { x: [2, 9, 1, 4] },
    attributes: { theta: 10_000, offset: 22, period: 4 },
  },
]
