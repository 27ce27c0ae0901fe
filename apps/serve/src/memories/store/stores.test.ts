import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newMemoryId } from '../memory-record'
import { FilesStore } from './files/files-store'
import { StoreError, VersionConflict, type MemoryStore } from './memory-store'
import { RamStore } from './ram/ram-store'
import { recordOf } from './testing/records'
import { eachSharedStore } from './testing/servers'
import type { StartedServer } from './testing/start-server'

const bytesOf = (...bytes: number[]) => Uint8Array.from(bytes)
const plain = (bytes: Uint8Array | undefined) => bytes && [...bytes]

interface Case {
  name: string
  missing: boolean
  /** Opens the store, and opens it again as another process would. */
  start(): Promise<{ open: () => Promise<MemoryStore>; server?: StartedServer }>
  keepsContent: boolean
}

const cases: Case[] = [
  {
    name: 'ram',
    missing: false,
    keepsContent: false,
    async start() {
      const store = new RamStore()
      return { open: async () => store }
    },
  },
  {
    name: 'files',
    missing: false,
    keepsContent: true,
    async start() {
      const folder = mkdtempSync(join(tmpdir(), 'store-'))
      return { open: async () => new FilesStore(folder) }
    },
  },
  ...eachSharedStore.map(({ start, open, ...each }) => ({
    ...each,
    keepsContent: true,
    async start() {
      const server = await start()
      return { server, open: () => open(server.url) }
    },
  })),
]

describe.each(cases)('the store $name', ({ missing, start, keepsContent }) => {
  if (missing) return void it.skip('is not on this machine', () => {})
  let started: Awaited<ReturnType<Case['start']>>
  let store: MemoryStore
  beforeAll(async () => {
    started = await start()
    store = await started.open()
  }, 30_000)
  afterAll(async () => {
    await store.close()
    await started.server?.stop()
  })

  it('keeps records and files, version by version, for whoever opens it next', async () => {
    const first = recordOf()
    await store.put(first, bytesOf(0, 1, 2, 255))
    const second = { ...first, version: 2, written: 2, tokens: 5, bytes: 120, stored: 5 }
    await store.put(second, bytesOf(1, 2, 3, 4, 5))
    const named = { ...second, version: 3, name: 'the other' }
    await store.put(named)
    const other = await started.open()
    expect(await other.get(first.id)).toEqual(named)
    if (keepsContent) {
      expect(plain(await other.content(named))).toEqual([1, 2, 3, 4, 5])
      expect(await other.content(first)).toBeUndefined()
    }
    if (other !== store) await other.close()
  })

  it('puts nothing where another version is', async () => {
    const record = recordOf()
    await store.put(record, bytesOf(1))
    const next = { ...record, version: 2, written: 2 }
    await store.put(next, bytesOf(2))
    for (const late of [record, next, { ...record, version: 4, written: 4 }])
      await expect(store.put(late, bytesOf(9))).rejects.toThrow(VersionConflict)
    expect(await store.get(record.id)).toEqual(next)
    if (keepsContent) expect(plain(await store.content(next))).toEqual([2])
    expect(await store.delete(record.id)).toBe(true)
    expect(await store.delete(record.id)).toBe(false)
    await expect(store.put({ ...record, version: 3 }, bytesOf(9))).rejects.toThrow(VersionConflict)
    expect(await store.get(record.id)).toBeUndefined()
    if (keepsContent) expect(await store.content(next)).toBeUndefined()
  })

  it('lists the memories of each tenant, oldest first, and knows how much they hold', async () => {
    const before = await store.usage()
    const records = [
      recordOf({ tenant: 'bob' }),
      recordOf({ tenant: 'bob', bytes: 50, stored: 7 }),
      recordOf(),
    ]
    for (const record of records) await store.put(record, bytesOf(1))
    expect(await store.list('bob')).toEqual(records.slice(0, 2))
    expect((await store.list()).map(({ id }) => id)).toEqual(
      expect.arrayContaining(records.map(({ id }) => id)),
    )
    expect(await store.usage('bob')).toEqual({ count: 2, bytes: 150, stored: 11 })
    await store.put({ ...records[1], version: 2, bytes: 60 })
    expect(await store.usage('bob')).toEqual({ count: 2, bytes: 160, stored: 11 })
    for (const { id } of records) await store.delete(id)
    expect(await store.usage()).toEqual(before)
    expect(await store.usage('bob')).toEqual({ count: 0, bytes: 0, stored: 0 })
  })

  it('remembers when a memory was used, without another version', async () => {
    const record = recordOf()
    await store.put(record, bytesOf(1))
    const used = '2026-02-02T00:00:00.000Z'
    await store.touch(record.id, used)
    await store.touch(newMemoryId(), used)
    expect(await store.get(record.id)).toEqual({ ...record, used })
    expect(await store.list('ann')).toContainEqual({ ...record, used })
    await store.put({ ...record, version: 2, used }, undefined)
  })
})

it('sweeps what a process that was killed has left in a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  const store = new FilesStore(folder)
  const record = recordOf()
  await store.put(record, bytesOf(1))
  await store.close()
  const before = readdirSync(folder).sort()
  for (const file of [`2-${record.id}.safetensors`, `1-${newMemoryId()}.safetensors`, '.x.tmp-99999-0'])
    writeFileSync(join(folder, file), 'half')
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  const after = new FilesStore(folder)
  expect(
    readdirSync(folder)
      .sort()
      .filter((file) => !file.startsWith('index.')),
  ).toEqual([...before, 'notes.txt'].sort().filter((file) => !file.startsWith('index.')))
  expect(plain(await after.content(record))).toEqual([1])
  await after.close()
})

describe.each(eachSharedStore)('the store $name', ({ name, missing, start, open }) => {
  it.skipIf(missing)(
    'says in a sentence that it is gone',
    async () => {
      const server = await start()
      const store = await open(server.url)
      await server.stop()
      await expect(store.get(newMemoryId())).rejects.toThrow(StoreError)
      await store.close()
      const away = server.url.replaceAll(String(server.port), '1')
      const shown = { redis: 'redis://127.0.0.1:1', s3: 's3://memories/kept' }[name]
      await expect(open(away)).rejects.toThrow(`the store ${shown} can't be reached: `)
    },
    30_000,
  )
})
