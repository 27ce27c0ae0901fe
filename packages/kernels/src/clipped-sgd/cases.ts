const shapes = { w0: [2, 3, 4], w1: [2, 5, 1], g0: [2, 3, 4], g1: [2, 5, 1] }

export const cases = [
  { name: 'clipped', shapes, attributes: { rate: 0.35, maxNorm: 1 } },
  { name: 'below the norm', shapes, attributes: { rate: 1, maxNorm: 1 }, scale: { g0: 0.05, g1: 0.05 } },
  { name: 'no gradient', shapes, attributes: { rate: 1, maxNorm: 1 }, scale: { g0: 0, g1: 0 } },
]
