import { createRandom, relativeError, resolveEngine } from '@ttt-e2e/tensor-ops'
import { Reader, ReaderGroup } from '@ttt-e2e/ttt-inner'
import { beforeAll, expect, it } from 'vitest'
import '@ttt-e2e/kernels/engines'
import { createSystem } from './index'
import { tinySize } from './testing'

beforeAll(() => resolveEngine('wasm'))

const { chunk } = tinySize
/** Two chunks fill at the same time, the third between them. */
const places = [chunk + 1, 3 * chunk + 1, 2 * chunk + 3]

it.each(['ttt-e2e', 'swa', 'full-attention', 'gated-deltanet'])(
  'reads and decodes for several as for each alone: %s',
  async (name) => {
    const system = createSystem(name, tinySize)
    const params = system.decoder.init(createRandom(1))
    const random = createRandom(2)
    const tokens = (length: number) =>
      Int32Array.from({ length }, () => random.integer(tinySize.vocabularySize))
    const texts = places.map(tokens)
    const start = () =>
      Promise.all(
        texts.map(async (text) => {
          const reader = new Reader(system, params)
          await reader.read(text)
          return reader
        }),
      )
    const [together, apart] = [await start(), await start()]
    const group = new ReaderGroup({ system, params })
    for (const length of [2 * chunk, chunk, 3]) {
      const pieces = together.map((reader) => ({ reader, tokens: tokens(length), learn: true }))
      const nats = await group.read(pieces)
      for (const [i, reader] of apart.entries())
        expect(relativeError(nats[i], await reader.read(pieces[i].tokens))).toBeLessThan(1e-5)
      const logits = await group.step(together.map((reader, token) => ({ reader, token, learn: true })))
      for (const [token, reader] of apart.entries()) {
        await reader.read(Int32Array.of(token))
        expect(relativeError(logits[token], await reader.nextLogits())).toBeLessThan(1e-5)
      }
    }
    expect(together.map(({ position, steps }) => [position, steps])).toEqual(
      apart.map(({ position, steps }) => [position, steps]),
    )
  },
)
