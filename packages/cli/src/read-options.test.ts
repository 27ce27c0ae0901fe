import { expect, it } from 'vitest'
import { byteCount } from './read-options'

it('reads sizes with their units, and nothing else', () => {
  expect(byteCount('memory', '8GB')).toBe(8e9)
  expect(byteCount('memory', '1.5 GiB')).toBe(1.5 * 2 ** 30)
  expect(byteCount('memory', undefined)).toBeUndefined()
  for (const given of ['8', '8gb', '-1GB', '0GB', 'GB'])
    expect(() => byteCount('memory', given)).toThrow(
      /^--memory is '.*'; it must be a size with its unit, MB, GB/,
    )
})
