const shapes = { w0: [2, 3, 4], w1: [2, 5, 1], g0: [2, 3, 4], g1: [2, 5, 1], rate: [] }

export const cases = [
  { name: 'clipped', shapes, attributes: { maxNorm: 1 } },
  { name: 'below the norm', shapes, attributes: { maxNorm: 1 }, scale: { g0: 0.05, g1: 0.05 } },
  { name: 'no gradient', shapes, attributes: { maxNorm: 1 }, scale: { g0: 0, g1: 0 } },
]
