import { expect, it } from 'vitest'
import { crc32c } from './crc32c'

it.each([
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(255), 0x62a8ab43],
  [new TextEncoder().encode('123456789'), 0xe3069283],
])('is that of the examples of RFC 3720: %s', (bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})
