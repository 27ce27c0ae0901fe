import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kernelTable } from './kernel-table'

describe('the table of kernels', () => {
  let folder: string
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'kernels-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  function source(name: string, text: string): string {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it('lists what the sources define by name, with what can add to its outputs', () => {
    const table = kernelTable([
      source('b.cc', 'void helper(const Call& call) {}\nvoid Turn(const Call& call) {}\n'),
      source(
        'a.cc',
        'void Sum(const Call& call) {}\nbool SumAccumulates(const Call& call, int output) { return output == 0; }\n' +
          'struct Shape {\n  explicit Shape(const Call& call);\n};\n',
      ),
    ])
    expect(table).toContain('    {"Sum", Sum, SumAccumulates},\n    {"Turn", Turn, nullptr},\n};')
    expect(table).toContain('return {entries, 2};')
  })

  it('is the same whatever the order of the sources', () => {
    const sources = ['C', 'A', 'B'].map((name) => source(`${name}.cc`, `void ${name}(const Call& call) {}\n`))
    expect(kernelTable(sources)).toBe(kernelTable(sources.toReversed()))
  })

  it('refuses two kernels of one name', () => {
    const sources = ['a.cc', 'b.cc'].map((name) => source(name, 'void Turn(const Call& call) {}\n'))
    expect(() => kernelTable(sources)).toThrow('the kernel Turn is defined twice')
  })
})
