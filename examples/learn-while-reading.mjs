// A trained model reads a text piece by piece and gets better at it: with learning, and the same without.
import { loadModel } from '@ttt-e2e/checkpoint'
import { modelFolder } from '@ttt-e2e/demo-model'

const model = await loadModel(modelFolder)
const passage = 'The keeper of the light wrote the hour, the wind and the colour of the water into his book. '
const text = passage.repeat(40)

async function meanNats(learn) {
  const pieces = []
  const memory = await model.read(text, { learn, onProgress: ({ losses }) => pieces.push(...losses) })
  const { steps } = memory
  memory.dispose()
  const known = pieces.filter((nats) => !Number.isNaN(nats))
  return { steps, mean: known.reduce((sum, nats) => sum + nats, 0) / known.length }
}

const without = await meanNats(false)
const learning = await meanNats(true)
console.log(`without learning ${without.mean.toFixed(2)} nats per byte`)
console.log(`with ${learning.steps} steps of learning ${learning.mean.toFixed(2)} nats per byte`)
console.log(`better by learning: ${learning.mean < without.mean - 0.05}`)
