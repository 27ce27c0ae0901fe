import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Gpu } from './device'
import { areTiles, candidatesFor, standardTiles, type Tiles } from './tiles'
import { Tiling } from './tiling'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiles-'))
  vi.stubEnv('TTT_E2E_CACHE', folder)
})
afterEach(() => vi.unstubAllEnvs())

const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384 }
const large = { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49152 }

const tilingOn = (identity: string) =>
  new Tiling({ tiles: standardTiles, gpu: { identity, limits, features: new Set() } as unknown as Gpu })

const other: Tiles = { ...standardTiles, product: { edge: 32, depth: 16 }, attention: { edge: 8 } }

it('gives candidates that the GPU can take, the standard ones among them', () => {
  expect(areTiles(standardTiles, limits)).toBe(true)
  const few = candidatesFor(limits)
  expect(few.attention).toEqual([{ edge: 8 }, { edge: 16 }])
  expect(few.product).not.toContainEqual({ edge: 128, depth: 32 })
  expect(few.linearCrossEntropy.every(({ threads }) => threads <= 256)).toBe(true)
  expect(candidatesFor(large).attention).toContainEqual({ edge: 32 })
  for (const { edge, depth } of candidatesFor({ ...large, maxComputeWorkgroupStorageSize: 4096 }).product)
    expect(8 * edge * depth).toBeLessThanOrEqual(4096)
})

it('keeps what was chosen for an adapter, for it alone', () => {
  const tiling = tilingOn('nvidia · driver 1')
  tiling.load()
  expect([tiling.tiles, tiling.chosenAt]).toEqual([standardTiles, undefined])
  tiling.tiles = other
  const path = tiling.keep()
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ adapter: 'nvidia · driver 1', tiles: other })
  expect(readdirSync(join(folder, 'webgpu'))).toHaveLength(1)
  const next = tilingOn('nvidia · driver 1')
  next.load()
  expect([next.tiles, next.chosenAt]).toEqual([other, tiling.chosenAt])
  const later = tilingOn('nvidia · driver 2')
  later.load()
  expect(later.tiles).toBe(standardTiles)
})

it.each([
  ['what is no JSON', '{'],
  ['what lacks a kernel', JSON.stringify({ chosenAt: 'x', tiles: { product: other.product } })],
  ['sizes that are no candidates', JSON.stringify({ chosenAt: 'x', tiles: { ...other, attention: { edge: 7 } } })], // prettier-ignore
  ['what the GPU can not take', JSON.stringify({ chosenAt: 'x', tiles: { ...other, attention: { edge: 32 } } })], // prettier-ignore
])('takes %s for nothing', (_, text) => {
  const tiling = tilingOn('a')
  writeFileSync(tiling.keep(), text)
  const next = tilingOn('a')
  next.load()
  expect([next.tiles, next.chosenAt]).toEqual([standardTiles, undefined])
})
