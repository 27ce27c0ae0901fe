import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bench } from './bench'
import { readOptions, type RawOptions } from './options'

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
writeFileSync(join(folder, 'empty.txt'), '')
writeFileSync(join(folder, 'binary.txt'), Buffer.from([0, 255, 0]))
writeFileSync(join(folder, 'wrong.jsonl'), '{"words": "no text"}')

it.each<[Partial<RawOptions>, RegExp]>([
  [{ data: 'missing.txt' }, /^there is no file or folder '.*missing.txt'; give --data one that exists$/],
  [{ data: 'empty.txt' }, /^file '.*empty.txt' is empty; it must hold text$/],
  [{ data: 'binary.txt' }, /^file '.*binary.txt' looks like UTF-16BE, not UTF-8/],
  [{ data: 'wrong.jsonl' }, /^line 1 of '.*wrong.jsonl' has no 'text'/],
  [
    { out: 'empty.txt/below', task: 'languages' },
    /^'.*below' can't be used: a file stands where a folder is expected \(ENOTDIR\); give --out/,
  ],
  [{ model: 'missing' }, /^'.*missing' holds no stored runs/],
  [{ engine: 'cuda' }, /^unknown engine 'cuda'; known: auto, native, webgpu, tensorflow, wasm, cpu$/],
  [{ precision: 'bf16' }, /^the engine 'cpu' can't run here \(cpu: it has no bf16, only f32\)$/],
])('refuses %o and leaves nothing behind', async (given, sentence) => {
  await expect(bench(readOptions({ engine: 'cpu', ...given }, folder), folder)).rejects.toThrow(sentence)
  expect(existsSync(join(folder, 'runs'))).toBe(false)
})
