import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { filesBelow } from './files-below'

it('finds every file once, in one order, and ends where a link leads back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'below-'))
  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
  for (const name of ['b', 'a/b', '.hidden']) mkdirSync(join(folder, name), { recursive: true })
  for (const name of ['b.txt', 'a/x.txt', 'a/b/y.txt', 'a.txt', '.hidden/z.txt', '.z.txt'])
    writeFileSync(join(folder, name), '')
  writeFileSync(join(elsewhere, 'far.txt'), '')
  symlinkSync(folder, join(folder, 'a/b/all'))
  symlinkSync('.', join(folder, 'here'))
  symlinkSync('itself', join(folder, 'itself'))
  symlinkSync('nowhere', join(folder, 'broken'))
  symlinkSync(elsewhere, join(folder, 'b/elsewhere'))
  const leftOut: Record<string, string> = {}
  expect(filesBelow(folder, (path, reason) => (leftOut[path] = reason))).toEqual(
    ['a.txt', 'a/b/y.txt', 'a/x.txt', 'b.txt', 'b/elsewhere/far.txt'].map((path) => join(path)),
  )
  expect(leftOut).toEqual({
    '.hidden': 'is hidden: its name begins with a dot',
    '.z.txt': 'is hidden: its name begins with a dot',
    [join('a/b/all')]: 'is a link to a folder that it lies in',
    here: 'is a link to a folder that it lies in',
    itself: 'is a link that leads nowhere',
    broken: 'is a link that leads nowhere',
  })
})
