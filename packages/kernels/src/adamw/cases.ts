const shapes = { p: [5, 7], g: [5, 7], m: [5, 7], v: [5, 7], factor: [] }
// Second moments are never negative.
const scale = { v: 0 }

export const cases = [
  { name: 'a later step', shapes, attributes: { learningRate: 0.02, step: 3 }, scale },
  { name: 'the first step', shapes, attributes: { learningRate: 0.02, step: 1 }, scale },
  { name: 'without decay', shapes, attributes: { learningRate: 0.5, step: 2, weightDecay: 0 }, scale },
]
