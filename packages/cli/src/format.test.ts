import { expect, it } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatList } from './index'

it('formats durations, bytes and counts for people', () => {
  expect([42, 185, 7800, 1e6].map(formatDuration)).toEqual(['42 s', '3:05 min', '2:10 h', '12 days'])
  expect([17, 1.5 * 2 ** 30].map(formatBytes)).toEqual(['17 B', '1.50 GiB'])
  expect(formatCount(125_300_000)).toBe('125M')
})

it('lists names and what they are apart, however long a name is', () => {
  expect(
    formatList([
      ['swa', 'in windows'],
      ['gated-deltanet-pure', 'no attention'],
    ]),
  ).toBe('  swa                  in windows\n  gated-deltanet-pure  no attention')
})
