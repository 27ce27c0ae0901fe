import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findSources } from '../compiled/sources'
import { addonFileName, findAddonFile, userId } from './addon-file'
import { buildAddon } from './build'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'addon-file-'))))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const bytes = Buffer.from('what a compiler made')
const find = (owner = userId()) => findAddonFile(folder, 'key', [owner])

describe.skipIf(process.platform === 'win32')("an addon's file", () => {
  let path: string
  beforeEach(() => {
    path = join(folder, addonFileName('key', bytes))
    writeFileSync(path, bytes, { mode: 0o755 })
  })

  it('is found where it is whole and our own', () => {
    expect(find()).toEqual({ path, refused: [] })
  })

  it('is passed over where it was cut off, even to nothing, or one bit of it altered', () => {
    for (const damaged of [bytes.subarray(0, -1), Buffer.alloc(0), Buffer.from(bytes).fill('x', 3, 4)]) {
      writeFileSync(path, damaged)
      const reason = expect.stringMatching(`^it was cut off or altered: its ${damaged.length} bytes are not`)
      expect(find()).toEqual({ refused: [{ path, reason }] })
    }
  })

  it('is never that of another user, nor one that others can write to', () => {
    expect(find(userId()! + 1)).toEqual({ refused: [{ path, reason: 'it belongs to another user' }] })
    chmodSync(path, 0o777)
    expect(find()).toEqual({ refused: [{ path, reason: 'other users can write to it' }] })
  })
})

describe.skipIf(process.platform === 'win32')('the folder of compiled addons', () => {
  /** A compiler that writes a line to where its output goes. */
  function stubCompiler(): void {
    const compiler = join(folder, 'compiler')
    const script = '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" = -o ] && echo compiled > "$2"; shift; done\n'
    writeFileSync(compiler, script, { mode: 0o755 })
    vi.stubEnv('CXX', compiler)
    vi.stubEnv('TTT_E2E_CACHE', folder)
  }

  it('has a damaged one compiled anew, and one line says so', async () => {
    stubCompiler()
    let told = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      told += String(text)
      return true
    })
    const built = await buildAddon(findSources('native'))
    if (!('path' in built)) throw new Error(built.reason)
    expect(readFileSync(built.path, 'utf8')).toBe('compiled\n')
    expect(told).toMatch(/^compiling .*, once\n$/)
    truncateSync(built.path, 4)
    chmodSync(join(folder, 'native'), 0o777)
    told = ''
    expect(await buildAddon(findSources('native'))).toEqual(built)
    expect(readFileSync(built.path, 'utf8')).toBe('compiled\n')
    expect(told).toContain(
      `native engine: ${built.path} is passed over: it was cut off or altered: its 4 bytes`,
    )
    expect(told.split('\n')).toHaveLength(3)
    told = ''
    expect(await buildAddon(findSources('native'))).toEqual(built)
    expect(told).toBe('')
    expect(readdirSync(join(folder, 'native'))).toHaveLength(1)
    expect(statSync(join(folder, 'native')).mode & 0o022).toBe(0)
  })
})
