import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { DataError } from '../../data-error'
import { writeFiles, zarrFiles, type ZarrOptions } from '../../testing/write-zarr'
import { isTokenArrays, openTokenArrays } from './token-arrays'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'token-arrays-'))))

const ids = Int32Array.from({ length: 61 }, (_, i) => (i * 7919) % 50_000)
const write = async (
  split: string,
  values = ids as Int32Array | Uint16Array | Uint32Array,
  options?: ZarrOptions,
) => writeFiles(join(folder, split), await zarrFiles(values, options))

it.each<ZarrOptions>([
  { compression: 'none' },
  { compression: 'gzip' },
  { compression: 'zstd' },
  { compression: 'blosc' },
  { version: 2, compression: 'none' },
  { version: 2, compression: 'gzip' },
  { version: 2, compression: 'zstd' },
  { version: 2, compression: 'blosc' },
  { shard: 3, compression: 'none' },
  { shard: 3, compression: 'zstd' },
  { shard: 1, compression: 'blosc' },
  { chunk: 1000 },
])('reads any part of %j as it was written', async (options) => {
  await write('train', ids, options)
  await write('val', Uint16Array.from(ids), options)
  expect(isTokenArrays(folder)).toBe(true)
  const { train, held } = await openTokenArrays(folder)
  for (const array of [train, held!])
    for (const [from, to] of [
      [0, 61],
      [7, 9],
      [60, 61],
      [8, 16],
      [30, 30],
    ])
      expect(await array.read(from, to)).toEqual(ids.subarray(from, to))
})

it('reads what is stored of uint32, and the fill value where nothing is', async () => {
  await write('train', Uint32Array.from(ids), { without: [1, 7] })
  const expected = ids.slice()
  expected.fill(0, 8, 16).fill(0, 56)
  expect(await (await openTokenArrays(folder)).train.read(0, 61)).toEqual(expected)
  await write('val', ids, { shard: 2, without: [1, 7] })
  expect(await (await openTokenArrays(folder)).held!.read(0, 61)).toEqual(expected)
})

it('refuses what no token can be, with its place', async () => {
  await write('train', Uint32Array.from(ids).fill(3e9, 20, 21))
  const { train } = await openTokenArrays(folder)
  await expect(train.read(18, 22)).rejects.toThrow(
    new DataError(`'${join(folder, 'train')}' has 3000000000 at position 20, which no token can be`),
  )
  await expect(train.read(50, 62)).rejects.toThrow('has 61 tokens; 50 to 62 were asked for')
})

it('refuses a folder without train', async () => {
  await write('val')
  await expect(openTokenArrays(folder)).rejects.toThrow(
    `'${folder}' has no array 'train'; tokens to train on lie in 'train', those to measure on in 'val'`,
  )
})

it('tells arrays from others by descriptions, names and sizes, wherever they lie', async () => {
  await write('train')
  const hashOf = async () => (await openTokenArrays(folder)).record()
  const first = await hashOf()
  expect(first.files).toMatchObject({ train: { tokens: 61 } })
  const here = folder
  folder = mkdtempSync(join(tmpdir(), 'token-arrays-'))
  await write('train')
  expect(await hashOf()).toEqual(first)
  await write('val')
  expect((await hashOf()).sha256).not.toBe(first.sha256)
  folder = here
  appendFileSync(join(folder, 'train/c/3'), 'x')
  expect((await hashOf()).sha256).not.toBe(first.sha256)
  writeFileSync(join(folder, 'elsewhere'), '')
  rmSync(join(folder, 'train/c/3'))
  expect((await hashOf()).sha256).not.toBe(first.sha256)
})

it('is not a folder of texts', () => {
  writeFileSync(join(folder, 'a.txt'), 'text')
  expect(isTokenArrays(folder)).toBe(false)
  expect(isTokenArrays(join(folder, 'missing'))).toBe(false)
})
