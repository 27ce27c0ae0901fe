const shapes = { g0: [5, 7], g1: [9] }

export const cases = [
  { name: 'clipped', shapes, attributes: { maxNorm: 1 } },
  { name: 'not clipped', shapes, attributes: { maxNorm: 100 } },
]
