import { expect, it } from 'vitest'
import { PlaceIndex } from './place-index'

const placesOf = (index: PlaceIndex, hash: number): [text: number, start: number][] => {
  const places: [number, number][] = []
  for (let place = index.first(hash); place >= 0; place = index.after(place))
    places.push([index.textOf(place), index.startOf(place)])
  return places.toSorted(([, a], [, b]) => a - b)
}

it('finds the places of each hash, also where many share a slot', () => {
  const index = PlaceIndex.ofMost(4000)
  for (let i = 0; i < 4000; i++) index.add(Math.imul(i % 1000, 0x01000193), i % 7, 2 ** 33 + i)
  for (const hash of [0, 1, 999])
    expect(placesOf(index, Math.imul(hash, 0x01000193))).toEqual(
      [0, 1, 2, 3].map((n) => [(hash + 1000 * n) % 7, 2 ** 33 + hash + 1000 * n]),
    )
  expect(index.first(0x7fffffff)).toBe(-1)
})

it('removes places from a copy alone', () => {
  const index = PlaceIndex.ofMost(3)
  for (const start of [0, 64, 128]) index.add(-5, 0, start)
  const copy = index.copy()
  copy.remove(copy.after(copy.first(-5)))
  expect(placesOf(copy, -5)).toHaveLength(2)
  copy.remove(copy.first(-5))
  copy.remove(copy.first(-5))
  expect(copy.first(-5)).toBe(-1)
  expect(placesOf(index, -5)).toEqual([[0, 0], [0, 64], [0, 128]]) // prettier-ignore
})
