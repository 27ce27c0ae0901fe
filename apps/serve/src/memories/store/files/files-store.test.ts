import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it, vi } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { testApp, tinyModel } from '../../../testing'
import { openStore } from '../open-store'
import { FilesStore } from './files-store'

const root = mkdtempSync(join(tmpdir(), 'memories-'))
const folder = join(root, 'kept')

let model: Model
beforeAll(async () => void (model = await tinyModel()))

const restarted = async (of = model) => testApp(of, { store: await openStore(folder, of, console.warn) })
const text = 'The sea keeps what it takes. '
const json = async (response: Response | Promise<Response>) => (await response).json()

it('has the memories again after a restart, and they go on the same', async () => {
  const first = await restarted()
  const { id } = await json(first.request('POST', '/v1/memories', { text, name: 'sea' }))
  const { id: fork } = await json(first.request('POST', `/v1/memories/${id}/fork`))
  const { id: gone } = await json(first.request('POST', `/v1/memories/${id}/fork`))
  await first.request('POST', `/v1/memories/${fork}/read`, { text })
  await first.request('DELETE', `/v1/memories/${gone}`)
  const question = { prompt: 'It ', memory: fork, max_tokens: 12, seed: 1 }
  const before = await json(first.request('POST', '/v1/completions', question))
  const listed = await json(first.request('GET', '/v1/memories'))

  const second = await restarted()
  expect((await json(second.request('GET', '/v1/memories'))).data).toHaveLength(2)
  expect(await json(second.request('GET', `/v1/memories/${fork}`))).toEqual(
    listed.data.find((each: { id: string }) => each.id === fork),
  )
  const after = await json(second.request('POST', '/v1/completions', question))
  expect(after.choices).toEqual(before.choices)
  expect(after.usage).toEqual(before.usage)
})

it('leaves aside what is damaged or of another model, and says why', async () => {
  const damaged = `mem_${'0'.repeat(24)}`
  writeFileSync(join(folder, `${damaged}.safetensors`), 'no tensors')
  writeFileSync(
    join(folder, `${damaged}.json`),
    '{"name": null, "parent": null, "created": "2026-01-01T00:00:00Z"}',
  )
  writeFileSync(join(folder, 'mem_notes.txt'), 'something else')
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  expect(await (await restarted()).service.memories.list()).toHaveLength(2)
  expect(warn.mock.calls.flat().join()).toMatch(/0 is left aside: .*header/)
  warn.mockClear()
  const other = await restarted(await tinyModel({ seed: 2 }))
  expect(await other.service.memories.list()).toEqual([])
  expect(warn.mock.calls.flat().join()).toMatch(/another model/)
  expect(existsSync(join(folder, `${damaged}.safetensors`))).toBe(true)
  warn.mockRestore()
})

it('leaves nothing of a memory that could not be written', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const test = await restarted()
  warn.mockRestore()
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const files = readdirSync(folder)
  const [stored] = await test.service.memories.list()
  const store = new FilesStore(folder)
  const unseen = { ...stored, id: `mem_${'1'.repeat(24)}`, version: 1, written: 1, created: null }
  const written = store.put(unseen as never, new Uint8Array(100))
  await expect(written).rejects.toThrow(/index.sqlite' can't be used: .*NOT NULL/)
  expect(readdirSync(folder)).toEqual(files)
  vi.restoreAllMocks()
  error.mockRestore()
})

it('changes nothing where the disk refuses', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const test = await restarted()
  warn.mockRestore()
  const [{ id, tokens }] = await test.service.memories.list()
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const files = readdirSync(folder)
  rmSync(folder, { recursive: true })
  for (const path of ['/v1/memories', `/v1/memories/${id}/read`])
    expect((await test.request('POST', path, { text })).status).toBe(500)
  expect((await test.request('POST', `/v1/memories/${id}/fork`)).status).toBe(500)
  expect((await test.service.memories.list()).map((each) => each.tokens)).toContain(tokens)
  expect(await test.service.memories.list()).toHaveLength(2)
  expect(files.length).toBeGreaterThan(4)
  error.mockRestore()
})
