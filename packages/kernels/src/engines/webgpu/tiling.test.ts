import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Gpu } from './device'
import type { GpuPrecision } from './half'
import { areTiles, candidatesFor, standardTiles, standardTilesIn, type Tiles } from './tiles'
import { Tiling } from './tiling'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiles-'))
  vi.stubEnv('TTT_E2E_CACHE', folder)
})
afterEach(() => vi.unstubAllEnvs())

const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 }
const large = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49152 }

const tilingOn = (identity: string, precision: GpuPrecision = 'f32') =>
  new Tiling({
    tiles: standardTiles,
    precision,
    gpu: { identity, limits, features: new Set() } as unknown as Gpu,
  })

const other: Tiles = { ...standardTiles, product: { edge: 32, depth: 16 }, attention: { edge: 8 } }

it('gives candidates that the GPU can take, the standard ones among them', () => {
  for (const precision of ['f32', 'f16'] as const)
    expect(areTiles(standardTilesIn(precision), limits, precision)).toBe(true)
  const few = candidatesFor(limits, 'f32')
  expect(few.attention).toEqual([{ edge: 8 }, { edge: 16 }])
  expect(few.product).not.toContainEqual({ edge: 128, depth: 32 })
  expect(few.linearCrossEntropy.every(({ threads }) => threads <= 256)).toBe(true)
  // Half the bytes, but for the largest values of lines.
  expect(candidatesFor({ ...limits, maxComputeWorkgroupStorageSize: 9216 }, 'f16').product).toEqual([
    { edge: 32, depth: 32 },
    { edge: 64, depth: 32 },
  ])
  expect(few.productOfFewRows).not.toContainEqual({ columns: 64, depth: 64 })
  expect(candidatesFor(large, 'f32').attention).toContainEqual({ edge: 32 })
  for (const { edge, depth } of candidatesFor({ ...large, maxComputeWorkgroupStorageSize: 4096 }, 'f32')
    .product)
    expect(8 * edge * depth).toBeLessThanOrEqual(4096)
})

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

it('keeps what was chosen for an adapter, for it alone', () => {
  const tiling = tilingOn('nvidia · driver 1')
  tiling.load()
  expect([tiling.tiles, tiling.chosenAt]).toEqual([standardTiles, undefined])
  tiling.tiles = other
  const { path, text } = tiling.toKeep()
  write(path, text)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ adapter: 'nvidia · driver 1', tiles: other })
  expect(readdirSync(join(folder, 'webgpu'))).toHaveLength(1)
  const next = tilingOn('nvidia · driver 1')
  next.load()
  expect([next.tiles, next.chosenAt]).toEqual([other, tiling.chosenAt])
  const later = tilingOn('nvidia · driver 2')
  later.load()
  expect(later.tiles).toBe(standardTiles)
  const half = tilingOn('nvidia · driver 1', 'f16')
  half.load()
  expect(half.tiles).toBe(standardTilesIn('f16'))
})

it.each([
  ['what is no JSON', '{'],
  ['what lacks a kernel', JSON.stringify({ chosenAt: 'x', tiles: { product: other.product } })],
  ['sizes that are no candidates', JSON.stringify({ chosenAt: 'x', tiles: { ...other, attention: { edge: 7 } } })], // prettier-ignore
  ['what the GPU can not take', JSON.stringify({ chosenAt: 'x', tiles: { ...other, attention: { edge: 32 } } })], // prettier-ignore
])('takes %s for nothing', (_, text) => {
  const tiling = tilingOn('a')
  write(tiling.toKeep().path, text)
  const next = tilingOn('a')
  next.load()
  expect([next.tiles, next.chosenAt]).toEqual([standardTiles, undefined])
})
