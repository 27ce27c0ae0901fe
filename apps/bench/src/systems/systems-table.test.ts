import { systemNames } from '@ttt-e2e/baselines'
import { describe, expect, it } from 'vitest'
import { sizeNames, sizes } from './sizes'
import { systemsTable } from './systems-table'

describe.each(sizeNames)('at size %s', (sizeName) => {
  const { columns, rows } = systemsTable(systemNames, sizeName, sizes[sizeName])
  const column = (name: string) => rows.map((row) => row[columns.indexOf(name)])

  it('every system has as many parameters as full attention within 2 %', () => {
    for (const [i, share] of column('of full attention').entries())
      expect(Math.abs(parseFloat(share) - 100), systemNames[i]).toBeLessThanOrEqual(2)
  })

  it('only what attends to everything keeps more of a longer text', () => {
    const growing = systemNames.filter((_, i) => column('state at 128K')[i] !== column('state at 1M')[i])
    expect(growing).toEqual(['full-attention', 'hybrid-5-1', 'kimi-linear', 'hybrid-5-1-sinks'])
  })

  it('learning takes more operations than reading alone, training three times those of reading', () => {
    const reading = (name: string) => column('reading')[systemNames.indexOf(name as never)]
    expect(reading('ttt-e2e')).not.toBe(reading('ttt-off'))
    expect(reading('ttt-off')).toBe(reading('ttt-static'))
  })
})

it('names the knob with its width', () => {
  const { rows } = systemsTable(['ttt-e2e', 'swa'], '125m', sizes['125m'])
  expect(rows.map(([name, knob, parameters]) => [name, knob, parameters])).toEqual([
    ['ttt-e2e', 'MLPs 1664', '85.9M'],
    ['swa', 'MLPs 2048', '85.0M'],
  ])
})
