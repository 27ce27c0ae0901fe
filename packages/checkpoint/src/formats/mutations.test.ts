import { createTokenizer } from '@ttt-e2e/data'
import { createRandom, encodeSafetensors, resolveEngine, UserError, type Random } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { folderInMemory } from '../testing/folder-in-memory'
import { huggingFaceTensors, publishedTensors, tinyConfig, tinyMetadata } from '../testing/tiny-llama'
import { tinyTokenizer } from '../testing/tiny-tokenizer'
import { writeGguf } from '../testing/write-gguf'
import { gguf } from './gguf/format'
import { huggingFaceFolder } from './hugging-face/format'

/** Of each kind; `MUTATIONS=100000` for many more. */
const count = Number(process.env.MUTATIONS ?? 1500)

beforeAll(() => resolveEngine('cpu').then(() => {}))

/** The file with a few bytes changed, one part left out, or one part twice, within its first `within` bytes. */
function mutated(file: Uint8Array, random: Random, within: number): Uint8Array {
  const copy = file.slice()
  const place = () => random.integer(Math.min(within, copy.length))
  switch (random.integer(4)) {
    case 0:
      return copy.slice(0, place())
    case 1: {
      const [from, to] = [place(), place()].sort((a, b) => a - b)
      return Uint8Array.of(...copy.subarray(0, from), ...copy.subarray(to))
    }
    case 2: {
      const at = place()
      copy.fill(random.integer(2) * 255, at, at + 1 + random.integer(8))
      return copy
    }
    default:
      for (let i = random.integer(6); i >= 0; i--) copy[place()] = random.integer(256)
      return copy
  }
}

/** Opens so many mutations; each must be a model or a sentence for people, soon. */
async function open(
  file: Uint8Array,
  within: number,
  one: (file: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const random = createRandom(11)
  let refused = 0
  for (let i = 0; i < count; i++) {
    const from = performance.now()
    await one(mutated(file, random, within)).catch((error: unknown) => {
      refused++
      if (!(error instanceof UserError)) throw error
      expect(error.message.length).toBeLessThan(4000)
    })
    expect(performance.now() - from).toBeLessThan(1000)
  }
  expect(refused).toBeGreaterThan(count / 4)
}

const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value))

it('no mutation of a GGUF header is more than refused', async () => {
  const file = writeGguf(tinyMetadata('llama'), publishedTensors())
  const header = file.length - 4 * 5000
  await open(file, header, async (bytes) => {
    const { tokenizer } = await gguf.open(folderInMemory({ a: bytes }, 'a'), {})
    if (!('encode' in tokenizer)) (await createTokenizer(tokenizer)).encode('abc <|end|> d')
  })
}, 600_000)

it('no mutation of a safetensors header, a configuration or an index is more than refused', async () => {
  const tensors = huggingFaceTensors()
  const files = { 'config.json': encode(tinyConfig), 'model.safetensors': encodeSafetensors(tensors) }
  const header = Number(new DataView(files['model.safetensors'].buffer).getBigUint64(0, true)) + 8
  const index = {
    weight_map: Object.fromEntries(Object.keys(tensors).map((name) => [name, 'model.safetensors'])),
  }
  const indexed = { ...files, 'model.safetensors.index.json': encode(index) }
  for (const [name, within] of Object.entries({
    'model.safetensors': header,
    'config.json': Infinity,
    'model.safetensors.index.json': Infinity,
  })) {
    const all: Record<string, Uint8Array> = name.endsWith('index.json') ? indexed : files
    await open(all[name], within, (bytes) =>
      huggingFaceFolder.open(folderInMemory({ ...all, [name]: bytes }), {}),
    )
  }
}, 600_000)

it('no mutation of a tokenizer.json is more than refused', async () => {
  await open(encode(tinyTokenizer()), Infinity, async (bytes) => {
    const folder = folderInMemory({
      'config.json': encode(tinyConfig),
      'model.safetensors': encodeSafetensors(huggingFaceTensors()),
      'tokenizer.json': bytes,
    })
    const { tokenizer } = await huggingFaceFolder.open(folder, {})
    if (!('encode' in tokenizer)) (await createTokenizer(tokenizer)).encode('abc <|end|> d')
  })
}, 600_000)
