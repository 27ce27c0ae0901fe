import { createRandom } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { DataError } from '../data-error'
import { needleDocument, needleKinds, needleLength, needleTrainingDocument, needleVocabulary } from './needle'

it.each(needleKinds)('hides a %s and asks for it at the end', (kind) => {
  const random = createRandom(1)
  const own = needleLength(kind)
  const { tokens, needleAt, questionAt } = needleDocument({ kind, length: 100, distance: 40, random })
  expect([questionAt, needleAt]).toEqual([100 - own, 60 - own])
  const needle = [...tokens.subarray(needleAt, needleAt + own)]
  expect([...tokens.subarray(questionAt)]).toEqual(needle)
  // Its symbols are nowhere else, and all different.
  const rest = new Set([...tokens.subarray(0, needleAt), ...tokens.subarray(needleAt + own, questionAt)])
  expect(needle.every((symbol) => !rest.has(symbol))).toBe(true)
  expect(new Set(needle).size).toBe(own)
})

it('asks for pass keys by one key and for the others by many', () => {
  const random = createRandom(2)
  const keysOf = (kind: (typeof needleKinds)[number]) =>
    new Set(
      Array.from({ length: 50 }, () => {
        const { tokens, needleAt } = needleDocument({ kind, length: 40, distance: 20, random })
        return tokens[needleAt + 1]
      }),
    )
  const [passKeys, numbers] = [keysOf('pass-key'), keysOf('number')]
  expect(passKeys.size).toBe(1)
  expect(numbers.size).toBeGreaterThan(10)
  expect(numbers.has([...passKeys][0])).toBe(false)
})

it('trains on documents of one needle each, as long as asked, in its symbols', () => {
  const random = createRandom(3)
  for (let n = 0; n < 50; n++) {
    const tokens = needleTrainingDocument(64, random)
    expect(tokens.length).toBe(64)
    const mark = needleVocabulary - 1
    const needles = [...tokens.keys()]
      .filter((at) => tokens[at] === mark && at + 3 < 64)
      .map((at) => [...tokens.subarray(at, at + 4)].join(' '))
    expect(needles.length).toBeGreaterThan(0)
    expect(new Set(needles).size).toBe(1)
    expect(tokens.every((token) => token >= 0 && token < needleVocabulary)).toBe(true)
  }
})

it('refuses what there is no room for', () => {
  const random = createRandom(4)
  const ask = (distance: number) => needleDocument({ kind: 'uuid', length: 32, distance, random })
  expect(() => ask(25)).toThrow(new DataError(needsRoom))
  expect(() => ask(7)).toThrow('distance is 7; it must be a whole number from 8 up')
})

const needsRoom = 'a needle 25 tokens before its question needs 33 tokens; the document has 32'
