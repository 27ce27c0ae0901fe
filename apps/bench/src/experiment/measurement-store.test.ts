import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MeasurementStore } from './measurement-store'

const folder = mkdtempSync(join(tmpdir(), 'measured-'))
const place = { task: 'books', probe: 'latency', system: 'swa', seed: 1 }
let measured = 0
const measure = async () => ({ times: ++measured, never: Number.NaN, far: -Infinity })

it('measures once, and again where what it depends on differs', async () => {
  const store = new MeasurementStore(folder, { gitHash: null })
  const first = { times: 1, never: Number.NaN, far: -Infinity }
  expect(await store.keep(place, { sizes: { windows: 2 } }, measure)).toEqual(first)
  expect(await store.keep(place, { sizes: { windows: 2 } }, measure)).toEqual(first)
  expect(await store.keep(place, { sizes: { windows: 4 } }, measure)).toMatchObject({ times: 2 })
  const later = new MeasurementStore(folder, { gitHash: 'later' })
  expect(await later.keep(place, { sizes: { windows: 4 } }, measure)).toMatchObject({ times: 3 })
  expect(readdirSync(join(folder, 'books/latency'))).toEqual(['swa-seed-1.json'])
})

it('measures again what can not be read', async () => {
  writeFileSync(join(folder, 'books/latency/swa-seed-1.json'), '{"determinants":')
  const store = new MeasurementStore(folder, { gitHash: null })
  expect(await store.keep(place, {}, measure)).toMatchObject({ times: 4 })
})
