import { readDocuments } from '@ttt-e2e/ttt-inner'
import { createSystem } from '@ttt-e2e/baselines'
import { metaGradient } from '@ttt-e2e/meta-outer'
import { createRandom, disposeTree, liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { ranksInProcess } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { microBenchmark } from '../testing'

beforeAll(() => resolveEngine('cpu'))

describe('readDocuments', () => {
  it.each(['ttt-e2e', 'full-attention'])('reads with the losses that %s is trained on', async (name) => {
    const { task, recipe } = microBenchmark()
    const system = createSystem(name, recipe.size)
    const params = system.decoder.init(createRandom(1))
    const { length, batch } = recipe.training
    const { value } = await task.stream({ seed: 3 })[Symbol.asyncIterator]().next()
    const tokens = (value as { tokens: Int32Array }).tokens
    const documents = Array.from({ length: batch }, (_, b) =>
      tokens.slice(b * (length + 1), (b + 1) * (length + 1)),
    )
    const mask = new Uint8Array(batch * length).fill(1)
    const trained = await metaGradient(system, params, { tokens, mask, batch, length, cursor: null })
    disposeTree(trained.gradients)

    const before = liveTensors()
    const read = await readDocuments({ system, params, documents, piece: 7 })
    expect(liveTensors()).toBe(before)
    expect(read.map((nats) => nats.length)).toEqual([length, length])
    read.forEach((nats, b) =>
      nats.forEach((loss, i) => expect(loss).toBeCloseTo(trained.tokenLosses[b * length + i], 4)),
    )
    disposeTree(params)
  })

  it.each(['ttt-e2e', 'full-attention'])(
    'gives the bits of one process of %s to ranks that share documents',
    async (name) => {
      const { task, recipe } = microBenchmark()
      const system = createSystem(name, recipe.size)
      const params = system.decoder.init(createRandom(1))
      const documents = Array.from({ length: 5 }, (_, i) =>
        task.heldOut[0].tokens.map((token) => (token + i) % recipe.size.vocabularySize),
      )
      const read = await readDocuments({ system, params, documents, piece: 7 })
      for (const size of [2, 6]) {
        const ranks = await ranksInProcess(size, (communicator) =>
          readDocuments({ system, params, documents, piece: 7, communicator }),
        )
        for (const each of ranks) expect(each).toEqual(read)
      }
      disposeTree(params)
    },
  )

  it('stops where the signal aborts', async () => {
    const { task, recipe } = microBenchmark()
    const system = createSystem('swa', recipe.size)
    const params = system.decoder.init(createRandom(1))
    const controller = new AbortController()
    const documents = task.heldOut.map(({ tokens }) => tokens)
    const reading = readDocuments({ system, params, documents, piece: 8, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    disposeTree(params)
  })
})
