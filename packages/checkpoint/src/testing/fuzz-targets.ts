import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTokenizer, type Tokenizer, type TokenizerRecord } from '@ttt-e2e/data'
import { encodeSafetensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import type { FuzzTarget } from '@ttt-e2e/tensor-ops/testing'
import { decodeMemory, encodeMemory } from '../memory-file'
import type { StoredModel } from '../formats/format'
import { gguf } from '../formats/gguf/format'
import { huggingFaceFolder } from '../formats/hugging-face/format'
import { orbax } from '../formats/orbax/format'
import { parseRunInfo } from '../parse-run-info'
import { fileNames } from '../run-info'
import { saveCheckpoint } from '../save-checkpoint'
import { folderInMemory } from './folder-in-memory'
import { microRun } from './micro-run'
import { below, encoded, filesOf } from './tiny-orbax'
import { huggingFaceTensors, publishedTensors, tinyConfig, tinyMetadata, tinyModel } from './tiny-llama'
import { tinyTokenizer, tinyVocabulary } from './tiny-tokenizer'
import { writeGguf } from './write-gguf'
import { frame, magic, manifestBody, ocdbtItem } from './write-ocdbt'

type Files = Record<string, Uint8Array | string>
const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value))

async function readWhole({ weights, tokenizer }: StoredModel): Promise<void> {
  await use(tokenizer)
  for (const name of weights.shapes.keys()) await weights.read(name)
}

async function use(record: TokenizerRecord | Tokenizer): Promise<void> {
  const tokenizer = 'encode' in record ? record : await createTokenizer(record)
  if (tokenizer.name !== 'none') tokenizer.decode(tokenizer.encode('abc <|end|> 12 dé', { special: true }))
}

const weightsFile = 'model.safetensors'
const indexFile = 'model.safetensors.index.json'
const index = {
  weight_map: Object.fromEntries(Object.keys(huggingFaceTensors()).map((name) => [name, weightsFile])),
}
const folder: Files = {
  'config.json': encode(tinyConfig),
  [weightsFile]: encodeSafetensors(huggingFaceTensors()),
  'tokenizer.json': encode(tinyTokenizer()),
}

/** One file of a folder of Hugging Face's. */
const huggingFace = (name: string, files: Files = folder): FuzzTarget => ({
  file: files[name] as Uint8Array,
  open: async (bytes) =>
    readWhole(await huggingFaceFolder.open(folderInMemory({ ...files, [name]: bytes }), {})),
})

const lengthOf = (bytes: Uint8Array) =>
  bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))

/** The header's length again, where there are still as many bytes of data. */
function repairSafetensors(bytes: Uint8Array): Uint8Array {
  const sound = folder[weightsFile] as Uint8Array
  const length = bytes.length - (sound.length - lengthOf(sound))
  if (length < 0) return bytes
  const copy = bytes.slice()
  new DataView(copy.buffer).setBigUint64(0, BigInt(length), true)
  return copy
}

function ggufTarget(change: Parameters<typeof writeGguf>[0]): FuzzTarget {
  const tensors = publishedTensors()
  const file = writeGguf({ ...tinyMetadata('llama'), ...change }, tensors)
  const data = Object.values(tensors).reduce((sum, { values }) => sum + values.byteLength, 0)
  return {
    file,
    within: file.length - data,
    open: async (bytes) => readWhole(await gguf.open(folderInMemory({ a: bytes }, 'a'), {})),
  }
}

/** The manifest of an Orbax checkpoint. */
function manifest(): FuzzTarget {
  const files = filesOf()
  const path = 'model_weights/manifest.ocdbt'
  return {
    file: files[path] as Uint8Array,
    repair: (bytes) => withChecksum(bytes, magic.manifest),
    open: async (bytes) => readWhole(await orbax.open(folderInMemory({ ...files, [path]: bytes }), {})),
  }
}

/** The root of the tree of an Orbax checkpoint: a node above two leaves, or a leaf. */
function root(leaves: 1 | 2): FuzzTarget {
  const files = { ...filesOf(), ...below('model_weights', ocdbtItem(encoded(), { leaves })) }
  const path = 'model_weights/d/0'
  const whole = Buffer.from(files[path] as Uint8Array)
  const start = whole.lastIndexOf(Uint8Array.of(0x0c, 0xdb, 0x20, 0xde))
  return {
    file: whole.subarray(start),
    repair: (bytes) => withChecksum(bytes, magic.node),
    open: async (bytes) => {
      const leads = manifestBody(start, bytes.length, { height: leaves - 1 })
      const changed = {
        [path]: Buffer.concat([whole.subarray(0, start), bytes]),
        'model_weights/manifest.ocdbt': frame(magic.manifest, leads),
      }
      return readWhole(await orbax.open(folderInMemory({ ...files, ...changed }), {}))
    },
  }
}

/** What is within a frame, with a header and a checksum that are right. */
const withChecksum = (bytes: Uint8Array, kind: number): Uint8Array =>
  bytes.length < 18 ? bytes : frame(kind, [...bytes.subarray(14, -4)], bytes[12], bytes[13])

async function memory(): Promise<FuzzTarget> {
  await resolveEngine('cpu')
  const model = await tinyModel()
  const kept = model.startMemory()
  await kept.reader.read(Int32Array.of(1, 2, 3))
  return {
    file: await encodeMemory(kept),
    within: 1500,
    open: async (bytes) => decodeMemory(model, bytes).dispose(),
  }
}

async function runInfo(): Promise<FuzzTarget> {
  await resolveEngine('cpu')
  const checkpoint = await saveCheckpoint(mkdtempSync(join(tmpdir(), 'fuzz-')), microRun())
  return {
    file: readFileSync(join(checkpoint, fileNames.info)),
    open: async (bytes) => parseRunInfo(new TextDecoder().decode(bytes), 'run'),
  }
}

/** Every file that a model is made of, by its name. */
export const fuzzTargets: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  safetensors: () => ({
    ...huggingFace(weightsFile),
    within: lengthOf(folder[weightsFile] as Uint8Array) + 8,
    repair: repairSafetensors,
  }),
  'safetensors-index': () => huggingFace(indexFile, { ...folder, [indexFile]: encode(index) }),
  'config.json': () => huggingFace('config.json'),
  'tokenizer.json': () => huggingFace('tokenizer.json'),
  gguf: () => ggufTarget({}),
  'gguf-sentencepiece': () =>
    ggufTarget({
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.scores': tinyVocabulary.map((_, id) => -id),
      'llama.rope.scaling.type': 'yarn',
      'llama.rope.scaling.factor': 4,
      'llama.rope.scaling.original_context_length': 64,
    }),
  'ocdbt-manifest': manifest,
  'ocdbt-node': () => root(2),
  'ocdbt-leaf': () => root(1),
  'run.json': runInfo,
  memory,
}
