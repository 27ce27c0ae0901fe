import { mkdtempSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { FileError } from '@ttt-e2e/tensor-ops/files'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { loadCheckpoint } from './load-checkpoint'
import { loadMemory, saveMemory } from './memory-on-disk'
import type { Model } from './model'
import { saveCheckpoint } from './save-checkpoint'
import { microRecipe, microRun } from './testing/micro-run'
import { tinyModel } from './testing/tiny-llama'

/** Counts what is asked of the file system, and has one of all that fail. */
const system = vi.hoisted(() => {
  const state = { calls: 0, failing: 0, code: '', isWatching: false }
  /** @param short what is done of a write where only a part of it is */
  function turn<T>(syscall: string, act: () => T, short = act): T {
    if (!state.isWatching || ++state.calls !== state.failing) return act()
    if (state.code === 'short write') return short()
    // A file is closed, whatever closing it says.
    if (syscall === 'close') act()
    throw Object.assign(new Error('no'), { code: state.code, syscall })
  }
  return { state, turn }
})

const { turn } = system
const half = (bytes: Uint8Array, from: number) => Math.ceil((bytes.length - from) / 2)

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const names = ['closeSync', 'fsyncSync', 'mkdirSync', 'openSync', 'readdirSync', 'renameSync', 'rmSync', 'statSync'] // prettier-ignore
  const watched = names.map((name) => {
    const act = fs[name as 'rmSync'] as (...given: unknown[]) => unknown
    return [
      name,
      (...given: unknown[]) =>
        turn(name === 'readdirSync' ? 'scandir' : name.slice(0, -4), () => act(...given)),
    ]
  })
  const writeSync = (file: number, bytes: Uint8Array, from: number) =>
    turn(
      'write',
      () => fs.writeSync(file, bytes, from),
      () => fs.writeSync(file, bytes, from, half(bytes, from)),
    )
  return { ...fs, ...Object.fromEntries(watched), writeSync }
})

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  const later = async <T>(syscall: string, act: () => T, short?: () => T) => turn(syscall, act, short)
  const watched = (file: FileHandle) => ({
    write: (bytes: Uint8Array, from: number) =>
      later(
        'write',
        () => file.write(bytes, from),
        () => file.write(bytes, from, half(bytes, from)),
      ),
    sync: () => later('fsync', () => file.sync()),
    close: () => later('close', () => file.close()),
    read: (...given: Parameters<FileHandle['read']>) => file.read(...given),
  })
  return {
    ...fs,
    open: (path: string, flags?: string) => later('open', async () => watched(await fs.open(path, flags))),
    mkdir: (path: string) => later('mkdir', () => fs.mkdir(path)),
  }
})

interface Save {
  /** @param version what is saved: its number */
  save(folder: string, version: number): Promise<unknown>
  /** The version that lies there whole. */
  load(folder: string): Promise<number>
}

// Few tensors: each is written by itself.
const small = microRecipe('swa')
const recipe = { ...small, size: { ...small.size, layers: 1, suffixBlocks: 0 } }

const checkpoint: Save = {
  async save(folder, version) {
    const run = microRun(recipe, version)
    await saveCheckpoint(folder, { ...run, onLeft: () => {} }).finally(() => disposeRun(run.state))
  },
  async load(folder) {
    const reasons: string[] = []
    const { info, state } = await loadCheckpoint(folder, { onSkipped: (reason) => reasons.push(reason) })
    disposeRun(state)
    expect(reasons).toEqual([])
    return info.step
  },
}

let model: Model
const memory: Save = {
  async save(folder, version) {
    const memory = model.startMemory()
    await memory.reader.read(Int32Array.from({ length: version }, () => 1))
    await saveMemory(memory, join(folder, 'a.safetensors')).finally(() => memory.dispose())
  },
  async load(folder) {
    const found = loadMemory(model, join(folder, 'a.safetensors'))
    found.dispose()
    return found.tokens
  },
}

beforeAll(async () => {
  await resolveEngine('cpu')
  model = await tinyModel()
})

/** Saves with the `failing`th call refused. @returns what the save has thrown */
async function refused(save: () => Promise<unknown>, failing: number, code: string): Promise<unknown> {
  Object.assign(system.state, { calls: 0, failing, code, isWatching: true })
  try {
    await save()
    return undefined
  } catch (error) {
    return error
  } finally {
    system.state.isWatching = false
  }
}

describe.each([
  ['a checkpoint', checkpoint],
  ['a memory', memory],
])('%s of which one file operation after the other is refused', (_, { save, load }) => {
  it.each(['ENOSPC', 'EIO', 'EACCES', 'short write'])('leaves the last good one: %s', async (code) => {
    const folder = mkdtempSync(join(tmpdir(), 'refused-'))
    let good = 1
    await save(folder, good)
    let failures = 0
    for (let failing = 1; ; failing++) {
      const next = good + 1
      const error = await refused(() => save(folder, next), failing, code)
      const found = await load(folder)
      if (error !== undefined) {
        failures++
        expect(error).toBeInstanceOf(FileError)
        expect((error as FileError).message).toMatch(/^'[^\n]*' can't be [^\n]*$/)
      }
      // What was said to be saved is; what could not be may be there all the same, and is whole then.
      expect(error === undefined ? [next] : [good, next]).toContain(found)
      good = found
      if (system.state.calls < failing) break
    }
    expect(failures === 0).toBe(code === 'short write')
    await save(folder, good + 1)
    expect(await load(folder)).toBe(good + 1)
  })
})
