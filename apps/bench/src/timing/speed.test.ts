import { createRandom, disposeTree, resolveEngine, treeSize } from '@ttt-e2e/tensor-ops'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import type { Speed } from './measurement'
import type { SpeedOptions } from './options'
import { readSpeed } from './read-speed'
import type { SpeedRecord } from './record'
import { speedSizeNames } from './sizes'
import { createSpeedSystem } from './speed-system'
import { trainSpeed } from './train-speed'

const folder = mkdtempSync(join(tmpdir(), 'speed-'))
beforeEach(() => resolveEngine('cpu'))

const options: SpeedOptions = {
  sizes: ['XS'],
  systems: ['ttt-e2e', 'full-attention'],
  batch: 1,
  length: 64,
  reps: 1,
  engine: 'wasm',
  precision: 'f32',
  python: 'python3',
}
const recordOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as SpeedRecord<Speed>

it.each(['XS', 'S'] as const)(
  'gives the systems of %s the same number of parameters, but for their norms',
  (size) => {
    const count = (name: string) => {
      const params = createSpeedSystem(name, size).decoder.init(createRandom(0))
      const parameters = treeSize(params)
      disposeTree(params)
      return parameters
    }
    expect(Math.abs(count('ttt-e2e') / count('swa') - 1)).toBeLessThan(0.005)
  },
)

it('has the widths that the peers have', () => {
  const widths = (name: string) =>
    speedSizeNames.map((size) => createSpeedSystem(name, size).decoder.config.intermediateSize)
  expect(speedSizeNames).toEqual(['XS', 'S', 'M', '125m', '1b'])
  expect(widths('ttt-e2e')).toEqual([128, 528, 1128, 1664, 4352])
  expect(widths('swa')).toEqual([160, 704, 1408, 2048, 5376])
})

it('records training steps with their shares and kernel calls', async () => {
  const json = join(folder, 'train.json')
  expect(await trainSpeed({ ...options, json })).toBe(0)
  const { engine, rows, gitHash } = recordOf(json)
  expect(engine.name).toBe('wasm')
  expect(gitHash).not.toBe('')
  expect(rows.map(({ system, work }) => `${system} ${work}`)).toEqual([
    'ttt-e2e training step',
    'full-attention training step',
  ])
  for (const row of rows) {
    expect(row.tokensPerSecond * row.seconds).toBeCloseTo(64)
    expect(row.shareOfLimit! * row.peakFlopsPerSecond).toBeCloseTo(row.tokensPerSecond * row.flopsPerToken!)
    expect(row.kernelCallsPerToken).toBe(row.kernelCalls / 64)
    expect(row.kernelCalls).toBeGreaterThan(100)
  }
  // Learning on the way takes more kernels.
  expect(rows[0].kernelCalls).toBeGreaterThan(rows[1].kernelCalls)
})

it('records reading alone, or decoding alone', async () => {
  const json = join(folder, 'one.json')
  const worksOf = async (reads: 'reading' | 'decoding') => {
    expect(await readSpeed({ ...options, systems: ['ttt-e2e'], reads, json })).toBe(0)
    return recordOf(json).rows.map(({ work }) => work)
  }
  expect(await worksOf('reading')).toEqual(['reading and learning'])
  expect(await worksOf('decoding')).toEqual(['decoding', 'decoding and learning'])
})

it('records reading and decoding', async () => {
  const json = join(folder, 'read.json')
  expect(await readSpeed({ ...options, json })).toBe(0)
  expect(recordOf(json).rows.map(({ system, work, tokens }) => [system, work, tokens])).toEqual([
    ['ttt-e2e', 'reading and learning', 64],
    ['ttt-e2e', 'decoding', 64],
    ['ttt-e2e', 'decoding and learning', 64],
    ['full-attention', 'reading', 64],
    ['full-attention', 'decoding', 64],
  ])
})

it('says where results can not be written before it measures', async () => {
  const json = join(folder, 'no', 'such.json')
  await expect(trainSpeed({ ...options, json })).rejects.toThrow(
    /such.json' can't be written: there is no such file or folder \(ENOENT\); give --json/,
  )
})
