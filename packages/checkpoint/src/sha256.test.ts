import { createHash } from 'node:crypto'
import { bytesInMemory } from '@ttt-e2e/tensor-ops'
import { expect, it, vi } from 'vitest'
import { hashedWhileRead, sha256Of } from './sha256'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 7)
const expected = createHash('sha256').update(bytes).digest('hex')

it('is that of the pieces joined', () => {
  expect(sha256Of([bytes.subarray(0, 3), bytes.subarray(3)])).toBe(expected)
})

it('is the same where there is no Node', async () => {
  const builtin = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  vi.resetModules()
  const inPage = await import('./sha256')
  builtin.mockRestore()
  expect(inPage.sha256Of).not.toBe(sha256Of)
  expect(inPage.sha256Of([bytes.subarray(0, 3), bytes.subarray(3)])).toBe(expected)
  expect(await inPage.hashedWhileRead(bytesInMemory(bytes)).sha256()).toBe(expected)
})

it.each([
  [
    'in order',
    [
      [0, 8],
      [8, 600],
      [600, 1000],
    ],
    0,
  ],
  [
    'in parts',
    [
      [0, 8],
      [100, 200],
    ],
    992,
  ],
  [
    'again and overlapping',
    [
      [0, 500],
      [0, 8],
      [400, 700],
    ],
    300,
  ],
  ['not at all', [], 1000],
] as [string, [number, number][], number][])(
  'reads only what was not read yet: %s',
  async (_, reads, rest) => {
    let asked = 0
    const file = bytesInMemory(bytes)
    const hashed = hashedWhileRead({
      size: file.size,
      read: (start, end) => ((asked += end - start), file.read(start, end)),
    })
    for (const [start, end] of reads)
      expect(await hashed.file.read(start, end)).toEqual(bytes.slice(start, end))
    asked = 0
    expect(await hashed.sha256()).toBe(expected)
    expect(asked).toBe(rest)
    expect(await hashed.sha256()).toBe(expected)
  },
)
