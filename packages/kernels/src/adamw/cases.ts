const names = ['p', 'g', 'm']
const shapes = Object.fromEntries([...names, 'v'].flatMap((n) => [[`${n}0`, [5, 7]], [`${n}1`, [9]]])) // prettier-ignore

export const cases = [
  { name: 'clipped', shapes, attributes: { learningRate: 0.02, step: 3 }, scale: { v0: 0, v1: 0 } },
  {
    name: 'first step',
    shapes,
    attributes: { learningRate: 0.02, step: 1, maxNorm: 100 },
    scale: { v0: 0, v1: 0 },
  },
  {
    name: 'one that does not decay',
    shapes,
    attributes: { learningRate: 0.5, step: 2, undecayed: 1 },
    scale: { v0: 0, v1: 0 },
  },
]
