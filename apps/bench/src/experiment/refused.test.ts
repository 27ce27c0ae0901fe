import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileError, lockFolder } from '@ttt-e2e/tensor-ops/files'
import { expect, it, vi } from 'vitest'
import { bench } from './bench'
import { readOptions } from './options'

const folder = mkdtempSync(join(tmpdir(), 'bench-refused-'))
const out = join(folder, 'out')
const options = () =>
  readOptions(
    { engine: 'cpu', preset: 'tiny', task: 'languages', systems: 'swa', workers: '1', out: 'out' },
    folder,
  )

it('a folder that another process writes to is refused with its id', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  mkdirSync(out)
  const unlock = lockFolder(out)
  await expect(bench(options(), folder)).rejects.toThrow(
    `'${out}' can't be used: process ${process.pid} writes to it; end that one first, or choose another folder`,
  )
  unlock()
  expect(readdirSync(out)).toEqual([])
  vi.restoreAllMocks()
})

it('a report that can not be written is shown, and the runs are kept', async () => {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed += String(text))))
  // Where the report is to be, a folder stands.
  mkdirSync(join(out, 'report.html'), { recursive: true })
  const error = await bench(options(), folder).catch((each: unknown) => each)
  vi.restoreAllMocks()
  expect(error).toBeInstanceOf(FileError)
  expect((error as FileError).message).toMatch(
    /^'.*report\.html' can't be written: .*; all runs are kept in '.*out', and the same command reads with them and writes it again$/,
  )
  expect(printed).toMatch(/report\.html' can't be written: .*; it is tried again at the end\n/)
  expect(printed).toMatch(/\nswa +\d/)
  expect(existsSync(join(out, 'languages/swa/seed-0/checkpoints'))).toBe(true)
  lockFolder(out)()
}, 120_000)
