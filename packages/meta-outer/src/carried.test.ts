import { expect, it } from 'vitest'
import { keptBorders } from './carried'

/** Carries that are there at once while the chunks of a stretch between two kept borders are pulled back. */
function mostHeld(chunks: number, borders: readonly number[]): number {
  const lengths = borders.map((border, i) => (borders[i + 1] ?? chunks) - border)
  return Math.max(...lengths.map((length, before) => before + length))
}

it('keeps all where they fit, and as many as fit where they do not', () => {
  expect(keptBorders(8, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(keptBorders(8, 7)).toEqual([0, 2, 3, 4, 5, 6, 7])
  expect(keptBorders(4, 0)).toEqual([0, 2, 3])
  expect([keptBorders(0, 1), keptBorders(1, 0)]).toEqual([[], [0]])
})

it('holds no more at once than it may, and at the least √(2K), whatever the chunks', () => {
  for (let chunks = 1; chunks < 100; chunks++)
    for (const most of [0, 5, 20, 60, 200]) {
      const borders = keptBorders(chunks, most)
      const fewest = Math.ceil(Math.sqrt(2 * chunks + 0.25) - 0.5)
      expect(mostHeld(chunks, borders)).toBe(borders.length)
      expect(borders.length).toBe(Math.min(chunks, Math.max(fewest, most)))
    }
})

it.each([4, 16, 64, 256])('holds at most √K times what one chunk in four takes, of %i', (chunks) => {
  expect(keptBorders(chunks, 0).length / keptBorders(4, 0).length).toBeLessThanOrEqual(Math.sqrt(chunks / 4))
})
