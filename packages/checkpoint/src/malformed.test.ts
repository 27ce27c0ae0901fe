import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSafetensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { CheckpointError } from './checkpoint-error'
import { loadCheckpoint } from './load-checkpoint'
import type { TrainedRunInfo } from './run-info'
import { saveCheckpoint } from './save-checkpoint'
import { microRecipe, microRun } from './testing/micro-run'
import { asV1 } from './testing/as-v1'
import { setPath } from './testing/set-path'

const folder = mkdtempSync(join(tmpdir(), 'malformed-'))
const good = join(folder, 'good')
beforeAll(async () => {
  await resolveEngine('cpu')
  const path = await saveCheckpoint(join(folder, 'run'), microRun(microRecipe(), 3))
  cpSync(path, good, { recursive: true })
})

type Header = Record<string, { dtype: unknown; shape: unknown; data_offsets: unknown }>
type Damage = (folder: string) => void

const edit =
  (change: (bytes: Buffer) => Buffer | Uint8Array | string, file = 'model.safetensors'): Damage =>
  (at) =>
    writeFileSync(join(at, file), change(readFileSync(join(at, file))))

const editHeader = (change: (header: Header) => void, more = Buffer.alloc(0)): Damage =>
  edit((bytes) => {
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Header
    change(header)
    const json = Buffer.from(JSON.stringify(header))
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(json.length))
    return Buffer.concat([size, json, bytes.subarray(8 + length), more])
  })

const editInfo = (...changes: [path: string, value: unknown][]): Damage =>
  edit((bytes) => {
    const info: unknown = JSON.parse(bytes.toString())
    for (const [path, value] of changes) setPath(info, path, value)
    return JSON.stringify(info)
  }, 'run.json')

/** The same in a run.json as the release before wrote it. */
const editInfoV1 = (...changes: [path: string, value: unknown][]): Damage =>
  edit((bytes) => {
    const info = asV1(JSON.parse(bytes.toString()) as TrainedRunInfo)
    for (const [path, value] of changes) setPath(info, path, value)
    return JSON.stringify(info)
  }, 'run.json')

const metadata = '__metadata__'

const cases: [what: string, damage: Damage, error: RegExp][] = [
  ['no run.json', (at) => rmSync(join(at, 'run.json')), /holds no checkpoint/],
  ['no model', (at) => rmSync(join(at, 'model.safetensors')), /model\.safetensors is missing/],
  ['no optimizer', (at) => rmSync(join(at, 'optimizer.safetensors')), /optimizer\.safetensors is missing/],
  ['an empty file', edit(() => ''), /has at least \d+ bytes, model\.safetensors has 0/],
  ['a file cut off', edit((bytes) => bytes.subarray(0, -100)), /ends at byte \d+, the file's data has \d+/],
  [
    'a file cut in its header',
    edit((bytes) => bytes.subarray(0, 4000)),
    /has at least \d+ bytes|header claims/,
  ],
  [
    'a header length beyond the file',
    edit((bytes) => (bytes.writeBigUInt64LE(2n ** 63n), bytes)),
    /its header claims 9223372036854775808 bytes/,
  ],
  [
    'a header that is no JSON',
    edit((bytes) => (bytes.write('[', 8), bytes)),
    /its header is not a JSON object/,
  ],
  [
    'a header of broken UTF-8',
    edit((bytes) => ((bytes[20] = 0xff), bytes)),
    /its header is not a JSON object/,
  ],
  ['a missing tensor', editHeader((h) => delete h.finalNorm), /finalNorm is missing/],
  [
    'a tensor too many',
    editHeader((h) => (h.extra = { dtype: 'F32', shape: [0], data_offsets: [0, 0] })),
    /extra is no tensor of this system/,
  ],
  [
    'a renamed tensor',
    editHeader((h) => ((h.norm = h.finalNorm), delete h.finalNorm)),
    /finalNorm is missing; model\.safetensors: norm is no tensor of this system/,
  ],
  ['another shape', editHeader((h) => (h.finalNorm.shape = [4, 2])), /finalNorm is \[4, 2\], not \[8\]/],
  [
    'a shape of another size',
    editHeader((h) => (h.finalNorm.shape = [9])),
    /needs 36 bytes, its offsets give 32/,
  ],
  ['a negative shape', editHeader((h) => (h.finalNorm.shape = [-8])), /'finalNorm' has no valid shape/],
  ['a shape that is no list', editHeader((h) => (h.finalNorm.shape = 8)), /'finalNorm' has no valid shape/],
  ['another type', editHeader((h) => (h.finalNorm.dtype = 'I32')), /finalNorm is of type I32, not F32/],
  ['an unknown type', editHeader((h) => (h.finalNorm.dtype = 'toString')), /'finalNorm' has type "toString"/],
  [
    'an entry that is no object',
    editHeader((h) => (h.finalNorm = 5 as never)),
    /'finalNorm' has type undefined/,
  ],
  [
    'offsets beyond the file',
    editHeader((h) => (h.finalNorm.data_offsets = [1e9, 1e9 + 32])),
    /'finalNorm' ends at byte 1000000032/,
  ],
  [
    'offsets that are no numbers',
    editHeader((h) => (h.finalNorm.data_offsets = ['0', '32'])),
    /'finalNorm' has no valid data_offsets/,
  ],
  [
    'tensors that overlap',
    editHeader((h) => (h.finalNorm.data_offsets = [0, 32])),
    /overlaps the tensor before it/,
  ],
  ['unused bytes', editHeader(() => {}, Buffer.alloc(5)), /5 unused bytes after the last tensor/],
  [
    'metadata of numbers',
    editHeader((h) => (h[metadata] = { a: 1 } as never)),
    /__metadata__ is not an object/,
  ],
  [
    'values that are not finite',
    edit((bytes) => (bytes.writeFloatLE(NaN, bytes.length - 4), bytes)),
    /finalNorm has values that are not finite; model\.safetensors is not the file that was saved/,
  ],
  ['another bit', edit((bytes) => ((bytes[bytes.length - 4] ^= 1), bytes)), /not the file that was saved/],
  [
    'other moments',
    edit(() => encodeSafetensors({}), 'optimizer.safetensors'),
    /firstMoments\.embedding is missing.*and \d+ more/,
  ],
  ['run.json that is no JSON', edit(() => '{', 'run.json'), /run\.json is not JSON/],
  ['run.json that is a list', edit(() => '[]', 'run.json'), /run\.json: .*expected object/],
  [
    'a later schema',
    editInfo(['schemaVersion', 3]),
    /schema version is 3, this release reads version 1 and 2/,
  ],
  ['no recipe', editInfo(['recipe', undefined]), /run\.json: recipe: /],
  ['a negative step', editInfo(['step', -1]), /run\.json: step: /],
  ['a size that is a text', editInfo(['recipe.size.layers', '3']), /run\.json: recipe\.size\.layers: /],
  ['an unknown field', editInfo(['recipe.size.depth', 3]), /recipe\.size: .*depth/],
  ['a hash that is none', editInfo(['files.model.sha256', 'x']), /must be 64 hexadecimal digits/],
  [
    'an unknown mixer',
    editInfo(['model.architecture.mixers.0.name', 'lstm']),
    /unknown mixer 'lstm'; known: attention/,
  ],
  [
    'a mixer of other options',
    editInfo(['model.architecture.mixers.0.options.taps', 4]),
    /the mixer 'attention' can't be as it is described: .*taps/,
  ],
  [
    'biases that the file lacks',
    editInfo(['model.architecture.biases', true]),
    /blocks\.0\.feedForward\.mlp\.b1 is missing/,
  ],
  [
    'an unknown scaling of RoPE',
    editInfo(['model.architecture.rope.scaling', { factor: 8 }]),
    /run\.json: model\.architecture\.rope\.scaling/,
  ],
  ['no architecture', editInfo(['model.architecture', undefined]), /run\.json: model\.architecture: /],
  [
    'the files of another architecture',
    editInfo(['model.architecture.suffixBlocks', 1]),
    /blocks\.1\.prime\.norms\.norm is no tensor of this system/,
  ],
  [
    'sizes that ask for more than there is',
    editInfo(['model.architecture.vocabularySize', 1e9]),
    /a model of its sizes has at least 3\d+ bytes/,
  ],
  ['sizes that do not fit', editInfo(['model.architecture.heads', 3]), /even multiple of the 3 heads/],
  [
    'an unknown system, in version 1',
    editInfoV1(['system', 'lstm'], ['recipe.system', 'lstm']),
    /unknown system 'lstm'; known: ttt-e2e/,
  ],
  ['two systems, in version 1', editInfoV1(['system', 'swa']), /the system is 'swa', its recipe's 'ttt-e2e'/],
  [
    'the files of another system, in version 1',
    editInfoV1(['system', 'swa'], ['recipe.system', 'swa']),
    /blocks\.1\.prime\.norms\.norm is no tensor of this system/,
  ],
  [
    'sizes that ask for more than there is, in version 1',
    editInfoV1(['recipe.size.vocabularySize', 1e9]),
    /a model of its sizes has at least 3\d+ bytes/,
  ],
  [
    'sizes that do not fit, in version 1',
    editInfoV1(['recipe.size.heads', 3]),
    /even multiple of the 3 heads/,
  ],
]

it.each(cases)('refuses %s', async (what, damage, error) => {
  const at = join(folder, what.replaceAll(' ', '-'))
  cpSync(good, at, { recursive: true })
  damage(at)
  let thrown: unknown
  try {
    await loadCheckpoint(at)
  } catch (caught) {
    thrown = caught
  }
  expect(thrown).toBeInstanceOf(CheckpointError)
  expect((thrown as Error).message).toMatch(error)
  expect((thrown as Error).message).toContain(`'${at}' can't be used: `)
})

it('loads the one they were made from, and as the release before wrote it', async () => {
  expect((await loadCheckpoint(good)).info.step).toBe(3)
  const at = join(folder, 'version-1')
  cpSync(good, at, { recursive: true })
  editInfoV1()(at)
  const [now, before] = [await loadCheckpoint(good), await loadCheckpoint(at)]
  expect(before.info).toEqual(now.info)
  expect(before.system.architecture).toEqual(now.system.architecture)
})
