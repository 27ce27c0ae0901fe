import { createRandom, type Random } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { checkWhole, DataError } from '../data-error'

/** The three needles of S-NIAH in small: a pass key in repeated noise, a number and a UUID in text. */
export type NeedleKind = 'pass-key' | 'number' | 'uuid'

export const needleKinds = ['pass-key', 'number', 'uuid'] as const satisfies readonly NeedleKind[]

/** Symbols of a haystack, then those of values, the keys, and the mark that a needle and a question begin with. */
const haystack = 24
const digits = { first: haystack, decimal: 10, hexadecimal: 16 }
const keys = { first: digits.first + digits.hexadecimal, count: 23 }
const mark = keys.first + keys.count

export const needleVocabulary = mark + 1

/** Symbols of a value, all different. */
export const valueLength = { 'pass-key': 4, number: 4, uuid: 6 } as const satisfies Record<NeedleKind, number>

/** Tokens of a needle, and of its question with the answer: the mark, the key and the value. */
export const needleLength = (kind: NeedleKind): number => 2 + valueLength[kind]

/** A haystack with one needle, and at its end the question with its answer. */
export interface NeedleDocument {
  /** [length] */
  tokens: Int32Array
  /** Where the needle begins and where the question does; the answer is the last tokens, after its mark and key. */
  needleAt: number
  questionAt: number
}

/**
 * A document to test with: its question stands at the very end and its needle `distance` tokens before it.
 *
 * @param options.distance from the needle's beginning to the question's, from needleLength(kind) up
 * @throws DataError if there is no room
 */
export function needleDocument(options: {
  kind: NeedleKind
  length: number
  distance: number
  random: Random
}): NeedleDocument {
  const { kind, length, distance, random } = options
  const own = needleLength(kind)
  checkWhole('distance', distance, own)
  const questionAt = length - own
  const needleAt = questionAt - distance
  if (needleAt < 0)
    throw new DataError(
      `a needle ${counted(distance, 'token')} before its question needs ${distance + own} tokens; the document has ${length}`,
    )
  const tokens = fillHaystack(kind, length, random)
  const sentence = drawNeedle(kind, random)
  tokens.set(sentence, needleAt)
  tokens.set(sentence, questionAt)
  return { tokens, needleAt, questionAt }
}

/**
 * A document to learn the task from, of any kind, with one needle. Half of them are as in the test, the needle anywhere
 * and the question at the end; in the others it is asked for again and again.
 */
export function needleTrainingDocument(length: number, random: Random): Int32Array {
  const kind = needleKinds[random.integer(needleKinds.length)]
  const own = needleLength(kind)
  if (length >= 2 * own && random.integer(2) === 0) {
    const distance = own + random.integer(length - 2 * own + 1)
    return needleDocument({ kind, length, distance, random }).tokens
  }
  const tokens = fillHaystack(kind, length, random)
  const sentence = drawNeedle(kind, random)
  for (let at = pauseOf(random); at + own <= length; at += own + pauseOf(random)) tokens.set(sentence, at)
  return tokens
}

/** Tokens of haystack between two sentences, from none to 31, short ones more often. */
const pauseOf = (random: Random): number => random.integer(2 ** random.integer(6))

/** The pass key is always asked for by the same key, its own. */
function drawNeedle(kind: NeedleKind, random: Random): Int32Array {
  const key = kind === 'pass-key' ? keys.first : keys.first + 1 + random.integer(keys.count - 1)
  const symbols = kind === 'uuid' ? digits.hexadecimal : digits.decimal
  const value = random.shuffle(Array.from({ length: symbols }, (_, n) => digits.first + n))
  return Int32Array.of(mark, key, ...value.slice(0, valueLength[kind]))
}

/** Repeated noise for the pass key; else text of one language, the same in all documents, so that it can be learned. */
function fillHaystack(kind: NeedleKind, length: number, random: Random): Int32Array {
  const tokens = new Int32Array(length)
  const start = random.integer(noiseLength)
  let symbol = random.integer(haystack)
  for (let i = 0; i < length; i++) {
    tokens[i] = kind === 'pass-key' ? (start + i) % noiseLength : symbol
    symbol = followers[2 * symbol + random.integer(2)]
  }
  return tokens
}

const noiseLength = 6

/** Two followers of each symbol of the haystack's language. */
const followers: readonly number[] = (() => {
  const random = createRandom(0x4a75)
  return Array.from({ length: haystack }, () =>
    random.shuffle(Array.from({ length: haystack }, (_, n) => n)).slice(0, 2),
  ).flat()
})()
