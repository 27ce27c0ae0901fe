import { closeSync, mkdtempSync, openSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSafetensorsHeader, mismatches, safetensorsSource } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { folderOnDisk } from './folders/folder-on-disk'

const folder = mkdtempSync(join(tmpdir(), 'large-'))
const rows = 340_000_000

it('reads a tensor at the end of a file of more than 5 GiB, and nothing before it', async () => {
  const last = Float32Array.of(1.5, -2, 3)
  const header = encodeSafetensorsHeader([
    { name: 'large', shape: [rows, 4], dtype: 'F32' },
    { name: 'last', shape: [3], dtype: 'F32' },
  ])
  const path = join(folder, 'model.safetensors')
  const start = header.length + rows * 16
  const file = openSync(path, 'w')
  writeSync(file, header)
  writeSync(file, new Uint8Array(last.buffer), 0, 12, start)
  closeSync(file)
  expect(start).toBeGreaterThan(5 * 2 ** 30)

  const before = process.memoryUsage().arrayBuffers
  const bytes = await folderOnDisk(folder).open('model.safetensors')
  expect(bytes?.size).toBe(start + 12)
  const source = await safetensorsSource(bytes!)
  expect(source.problems).toEqual([])
  expect((await source.read('last')).values).toEqual(last)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
  const wanted = new Map([['last', { shape: [3], dtype: 'F32' }]])
  expect(mismatches(wanted, source)).toEqual(['large is no tensor of this system'])

  truncateSync(path, start)
  const cut = await safetensorsSource((await folderOnDisk(folder).open('model.safetensors'))!)
  expect(cut.problems).toEqual([`'last' ends at byte ${rows * 16 + 12}, the file's data has ${rows * 16}`])
})
