export const cases = [
  {
    name: 'from the start',
    shapes: { x: [2, 9, 3, 8], position: [2] },
    attributes: { theta: 500_000 },
    integers: { position: [0] },
  },
  {
    name: 'one token after many',
    shapes: { x: [1, 1, 2, 6], position: [1] },
    attributes: { theta: 10_000 },
    integers: { position: [129] },
  },
  {
    name: 'sequences at different positions, far ones too',
    shapes: { x: [4, 3, 2, 6], position: [4] },
    attributes: { theta: 10_000 },
    integers: { position: [1022, 0, 10_000_019, 2_000_000_011] },
  },
  {
    name: 'with a period',
    shapes: { x: [2, 9, 1, 4], position: [2] },
    attributes: { theta: 10_000, period: 4 },
    integers: { position: [22, 10_000_003] },
  },
  {
    name: 'scaled by frequency, as Llama 3.1',
    shapes: { x: [2, 9, 2, 8], position: [2] },
    attributes: { theta: 10_000, factor: 8, low: 0.05, high: 0.2 },
    integers: { position: [3, 70_000] },
  },
  {
    name: 'scaled by pair, as YaRN',
    shapes: { x: [2, 3, 2, 8], position: [2] },
    attributes: { theta: 10_000, factor: 4, byPair: 1, low: 3, high: 1, magnitude: 1.14 },
    integers: { position: [0, 10_000_019] },
  },
]
