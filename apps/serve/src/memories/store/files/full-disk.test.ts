import { mkdtempSync, readdirSync, type writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it, vi } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { testApp, tinyModel } from '../../../testing'
import { FilesStore } from './files-store'

/** Bytes that the disk still has room for. */
const room = vi.hoisted(() => ({ left: Infinity }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const write = ((file: number, bytes: Uint8Array | string, ...rest: []) => {
    room.left -= bytes.length
    if (room.left < 0)
      throw Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'write' }) as NodeJS.ErrnoException
    return fs.writeSync(file, bytes as string, ...rest)
  }) as typeof writeSync
  return { ...fs, writeSync: write }
})

const folder = mkdtempSync(join(tmpdir(), 'full-'))
const text = 'The sea keeps what it takes. '

let model: Model
beforeAll(async () => void (model = await tinyModel()))

it.each([
  ['nothing', 10],
  ['what is said of it, and no tensors', 1000],
])(
  'a full disk fails the request in a sentence, and memories stay as they were: room for %s',
  async (_, left) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { request, service, services } = testApp(model, { store: new FilesStore(folder) })
    const { id } = await (await request('POST', '/v1/memories', { text })).json()
    const files = readdirSync(folder).sort()
    const before = (await service.memories.list()).map(({ tokens }) => tokens)
    const question = { prompt: 'It ', memory: id, max_tokens: 6, seed: 1 }
    const answered = (await (await request('POST', '/v1/completions', question)).json()).choices

    for (const path of ['/v1/memories', `/v1/memories/${id}/read`, `/v1/memories/${id}/fork`]) {
      room.left = left
      const response = await request('POST', path, path.endsWith('fork') ? undefined : { text })
      room.left = Infinity
      expect(response.status).toBe(507)
      expect(response.headers.get('x-should-retry')).toBe('false')
      const { message, code } = (await response.json()).error
      expect(code).toBe('disk_refuses')
      expect(message).toBe(
        "the server's disk refuses: no space is left on the disk (ENOSPC); nothing of this request is kept, and what was " +
          'there before is as it was',
      )
    }
    // The log has the place, which is none of the client's business, and no stack.
    const logged = error.mock.calls.map(([line]) => String(line))
    expect(logged).toHaveLength(3)
    for (const line of logged) expect(line).toMatch(/mem_[0-9a-f]{24}\.\w+' can't be written: [^\n]*$/)
    error.mockRestore()

    expect(readdirSync(folder).sort()).toEqual(files)
    expect((await service.memories.list()).map(({ tokens }) => tokens)).toEqual(before)
    expect((await (await request('POST', '/v1/completions', question)).json()).choices).toEqual(answered)
    expect((await request('POST', `/v1/memories/${id}/read`, { text })).status).toBe(200)
    services.dispose()
    await services.store.close()
  },
)
