import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withRemovedUtilities } from './removed-utilities'

it("gives a package's own files, and no others, what Node has removed from util", () => {
  const folder = mkdtempSync(join(tmpdir(), 'utilities-'))
  const asksForUtil = `module.exports = require('util')`
  mkdirSync(join(folder, 'package'))
  writeFileSync(
    join(folder, 'package/index.js'),
    `${asksForUtil}; module.exports.other = require('../other')`,
  )
  writeFileSync(join(folder, 'other.js'), asksForUtil)
  const load = createRequire(join(folder, 'index.js'))
  interface Util {
    isNullOrUndefined(value: unknown): boolean
    isArray(value: unknown): boolean
    inspect(value: unknown): string
    other: object
  }
  const util = withRemovedUtilities(join(folder, 'package'), () => load('./package')) as Util
  expect([undefined, null, 0, ''].map((value) => util.isNullOrUndefined(value))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect([util.isArray([]), util.isArray({})]).toEqual([true, false])
  expect(util.inspect({ a: 1 })).toBe('{ a: 1 }')
  expect(util.other).toBe(load('util'))
  expect(Object.hasOwn(util.other, 'other')).toBe(false)
})
