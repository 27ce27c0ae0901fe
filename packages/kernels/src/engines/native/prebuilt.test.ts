import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addonFileName } from './addon-file'
import { findPrebuilt, prebuiltKey, prebuiltPlatforms, type Target } from './prebuilt'
import { findSources } from '../compiled/sources'

const target: Target = { platform: 'linux', arch: 'arm64' }
const sources = findSources('native')

describe('the prebuilt addon', () => {
  let folder: string
  beforeEach(() => {
    vi.stubEnv('TTT_E2E_PREBUILT', undefined)
    folder = mkdtempSync(join(tmpdir(), 'prebuilt-'))
  })
  afterEach(() => void vi.unstubAllEnvs())

  /** A package of the target's, with an addon of this key. @returns what finds its files */
  function install(key: string, bytes = '', written = bytes) {
    const path = join(folder, 'node_modules/@ttt-e2e/native-linux-arm64')
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'package.json'), '{}')
    writeFileSync(join(path, addonFileName(key, Buffer.from(bytes))), written)
    return createRequire(join(folder, 'index.js')).resolve
  }

  it('is the one that was built from these sources', () => {
    const found = findPrebuilt(sources, target, install(prebuiltKey(sources, target)))
    expect(found).toEqual({ path: expect.stringContaining('native-linux-arm64') })
  })

  it('is passed over when a source has changed since', () => {
    const resolve = install(prebuiltKey(sources, target))
    const changed = join(folder, basename(sources.headers[0]))
    copyFileSync(sources.headers[0], changed)
    appendFileSync(changed, '// changed')
    const headers = [changed, ...sources.headers.slice(1)]
    expect(findPrebuilt({ ...sources, headers }, target, resolve)).toEqual({
      reason: '@ttt-e2e/native-linux-arm64 holds none that was built from these sources',
    })
  })

  it('is passed over where it was cut off', () => {
    const resolve = install(prebuiltKey(sources, target), 'an addon', 'an a')
    expect(findPrebuilt(sources, target, resolve)).toEqual({
      reason: expect.stringContaining('is passed over: it was cut off or altered: its 4 bytes'),
    })
  })

  it('has a name of its own for each platform', () => {
    const names = prebuiltPlatforms.map((platform) => {
      const [system, arch] = platform.split('-') as [Target['platform'], Target['arch']]
      return prebuiltKey(sources, { platform: system, arch })
    })
    expect(new Set(names).size).toBe(prebuiltPlatforms.length)
  })

  it('says why there is none', () => {
    const resolve = () => {
      throw new Error('MODULE_NOT_FOUND')
    }
    expect(findPrebuilt(sources, target, resolve)).toEqual({
      reason: '@ttt-e2e/native-linux-arm64 is not installed',
    })
    expect(findPrebuilt(sources, { platform: 'freebsd', arch: 'x64' }, resolve)).toEqual({
      reason: 'none is prebuilt for freebsd-x64',
    })
    vi.stubEnv('TTT_E2E_PREBUILT', '0')
    expect(findPrebuilt(sources, target, install(prebuiltKey(sources, target)))).toEqual({
      reason: 'TTT_E2E_PREBUILT=0 passes over the prebuilt one',
    })
  })
})
