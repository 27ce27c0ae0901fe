import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { removeFolder, writeFileDurably, writeFolderDurably } from './durable-files'
import { lockFolder } from './folder-lock'
import { renamePatiently } from './rename-patiently'

/** How often the file system still refuses, and why. */
const refusals = vi.hoisted(() => ({ left: 0, code: '' }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const rename: typeof renameSync = (from, to) => {
    if (refusals.left-- > 0)
      throw Object.assign(new Error('no'), { code: refusals.code, syscall: 'rename', path: from })
    fs.renameSync(from, to)
  }
  return { ...fs, renameSync: rename }
})

const folder = mkdtempSync(join(tmpdir(), 'rename-'))
const at = (name: string) => join(folder, name)

it.each(['EPERM', 'EBUSY'])(
  'a rename that another program is in the way of is tried again: %s',
  async (code) => {
    Object.assign(refusals, { left: 3, code })
    writeFileDurably(at(code), 'file')
    expect(refusals.left).toBe(-1)
    Object.assign(refusals, { left: 3, code })
    await writeFolderDurably(at(`${code}-folder`), async (write) => void (await write('file', 'text')))
    expect([readFileSync(at(code), 'utf8'), readFileSync(at(`${code}-folder/file`), 'utf8')]).toEqual([
      'file',
      'text',
    ])
    Object.assign(refusals, { left: 3, code })
    removeFolder(at(`${code}-folder`))
    expect([refusals.left, existsSync(at(`${code}-folder`))]).toEqual([-1, false])
    writeFileSync(at('.lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }))
    Object.assign(refusals, { left: 3, code })
    lockFolder(folder)()
    expect(refusals.left).toBe(-1)
  },
)

it('is given up after some seconds, and at once where waiting does not help', () => {
  writeFileSync(at('from'), '')
  const waited = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out')
  Object.assign(refusals, { left: Infinity, code: 'EBUSY' })
  expect(() => renamePatiently(at('from'), at('to'))).toThrow('no')
  const seconds = waited.mock.calls.reduce((sum, call) => sum + Number(call[3]), 0) / 1000
  expect(seconds).toBe(5)
  waited.mockClear()
  Object.assign(refusals, { left: 1, code: 'ENOSPC' })
  expect(() => renamePatiently(at('from'), at('to'))).toThrow('no')
  expect(waited).not.toHaveBeenCalled()
  expect(existsSync(at('to'))).toBe(false)
  waited.mockRestore()
})
