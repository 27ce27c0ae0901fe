import { expect, it } from 'vitest'
import { publishedSizes, widthWithPrimes } from './size'

it('gives the published widths of TTT-E2E', () => {
  const widths = Object.values(publishedSizes).map(widthWithPrimes)
  expect(widths).toEqual([1664, 2304, 3328, 4352, 5632])
})

it('keeps small widths even', () => {
  expect(
    widthWithPrimes({ ...publishedSizes['125m'], intermediateSize: 160, layers: 4, suffixBlocks: 1 }),
  ).toBe(128)
})
