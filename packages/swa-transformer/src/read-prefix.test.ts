import { createRandom, liveTensors, resolveEngine, tf, treeLeaves } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { attentionMixer } from './attention-mixer'
import { createDecoder } from './decoder'
import { readPrefix } from './read-prefix'

beforeAll(() => resolveEngine('cpu'))

it('lets go of what a layer makes, and of its state before, as the next one begins', () => {
  const decoder = createDecoder({
    vocabularySize: 13,
    hiddenSize: 8,
    heads: 2,
    intermediateSize: 12,
    mixers: Array.from({ length: 4 }, () => attentionMixer(5)),
    suffixBlocks: 0,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
  })
  const alive: number[] = []
  const watched = {
    ...decoder,
    prefix: decoder.prefix.map((stage) => ({
      ...stage,
      run(...given: Parameters<typeof stage.run>) {
        alive.push(liveTensors())
        return stage.run(...given)
      },
    })),
  }
  const params = decoder.init(createRandom(1))
  const start = decoder.prefix.map((stage) => stage.reserve(stage.start(stage.params(params), 1), 3))
  const position = tf.tensor1d([0], 'int32')
  const before = liveTensors()
  const tokens = tf.tensor2d([[1, 2, 3]], [1, 3], 'int32')
  const { hidden, states } = readPrefix(watched, params, tokens, start, position)
  const [first, ...later] = alive
  expect(later).toHaveLength(3)
  // Beside the embedding: what a layer hands on. A state stands in place of the one before.
  const ofState = treeLeaves(states[0]).length
  expect(later.map((count) => count - first)).toEqual([1, 1, 1])
  expect(start.flatMap(treeLeaves).every(({ isDisposed }) => isDisposed)).toBe(true)
  expect(states.flatMap(treeLeaves)).toHaveLength(4 * ofState)
  expect(liveTensors() - before).toBe(2)
  expect(hidden.shape).toEqual([1, 3, 8])
})
