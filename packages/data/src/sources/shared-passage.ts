import { blocksOf, loaded, type AnyDocument, type TokenRange, type Tokens } from './document'
import { PlaceIndex } from './place-index'

/** Where an original has a passage that another document repeats: about `at`, within passageLength to both sides. */
export interface Passage<T> {
  original: T
  at: number
}

/**
 * Finds which documents' passages another repeats: a run of at least `passageLength` tokens that both have.
 *
 * @param originals the documents whose passages are looked for.
 * @param passageLength tokens, from 2 up.
 * @param isBlank of which tokens it doesn't matter how many stand side by side, or which: lines that end or are broken in
 * another way are the same text. Half of a passage must be others.
 * @returns for documents, the originals with which they share such a run, as they are found, each of their places once;
 * the first tells whether there is any. Linear in their tokens, also where text repeats itself throughout.
 */
export function passagesOf<T extends Pick<AnyDocument, 'tokens'>>(
  originals: readonly T[],
  passageLength: number,
  isBlank?: (token: number) => boolean,
) {
  // Any shared run covers an aligned piece of half of it, so only aligned pieces are indexed. Of a run that is half blank
  // half is left.
  const piece = Math.ceil(passageLength / (isBlank ? 4 : 2))
  const most = originals.reduce((sum, { tokens }) => sum + Math.floor(tokens.length / piece), 0)
  const index = PlaceIndex.ofMost(most)
  const failures = new Map<number, number>()
  for (const [text, original] of originals.entries()) {
    let [hash, count, start] = [0, 0, 0]
    for (const { marks, own, placeOf } of marksOf(original.tokens, 0, isBlank))
      for (let i = own; i < marks.length; i++) {
        if (count === 0) start = placeOf(i)
        hash = roll(hash, marks[i])
        if (++count < piece) continue
        index.add(hash, text, start)
        hash = count = 0
      }
  }

  let weightOfLeaving = 1
  for (let i = 0; i < piece; i++) weightOfLeaving = Math.imul(weightOfLeaving, base)

  return function* (documents: Iterable<Pick<AnyDocument, 'tokens'>>): Generator<Passage<T>, void, void> {
    // Without the places that were found, once there are some.
    let left = index
    for (const { tokens } of documents) {
      let [hash, count] = [0, 0]
      for (const { marks, own, placeOf } of marksOf(tokens, piece, isBlank))
        for (let i = own; i < marks.length; i++) {
          hash = roll(hash, marks[i])
          if (count === piece) hash = (hash - Math.imul(marks[i - piece], weightOfLeaving)) | 0
          else if (++count < piece) continue
          let failed = 0
          for (let place = left.first(hash); place >= 0;) {
            const next = left.after(place)
            const original = originals[left.textOf(place)]
            const [start, at] = [left.startOf(place), placeOf(i - piece + 1)]
            if (sharedRun(original.tokens, start, tokens, at, passageLength, isBlank) >= passageLength) {
              yield { original, at: start }
              if (left === index) left = index.copy()
              left.remove(place)
            } else failed++
            place = next
          }
          if (failed === 0) continue
          failures.set(hash, (failures.get(hash) ?? 0) + failed)
          if (failures.get(hash)! < mostFailures) continue
          for (const each of new Set([index, left]))
            for (let place = each.first(hash); place >= 0; place = each.first(hash)) each.remove(place)
        }
    }
  }
}

/**
 * A piece that begins a passage in none of so many places where it stands on both sides is a line of dashes, a table's border
 * or the like, by which no passage is looked for any more: to compare all of them with each other would take as many times as
 * there are, squared.
 */
const mostFailures = 100_000

const base = 0x01000193
const roll = (hash: number, mark: number) => (Math.imul(hash, base) + mark) | 0

/** Stands for all that is blank between two tokens. */
const blank = -1

interface Marks {
  marks: Tokens
  /** The first mark that no block before had. */
  own: number
  /** Of a mark the place of its token, the first of several blank ones. */
  placeOf(index: number): number
}

/** What is compared of tokens, block by block. @param before how many marks before a block's own stand in it too */
function* marksOf(
  tokens: Tokens | TokenRange,
  before: number,
  isBlank?: (token: number) => boolean,
): Generator<Marks, void, void> {
  if (!isBlank) {
    for (const { block, own, start } of blocksOf(tokens, before))
      yield { marks: block, own: own - start, placeOf: (index) => start + index }
    return
  }
  const marks = new Int32Array(before + markedAtOnce)
  const places = new Float64Array(marks.length)
  let [used, wasBlank] = [0, false]
  for (const { block, start } of blocksOf(tokens))
    for (let from = 0; from < block.length; from += markedAtOnce) {
      const kept = Math.min(used, before)
      for (const each of [marks, places]) each.copyWithin(0, used - kept, used)
      used = kept
      const end = Math.min(block.length, from + markedAtOnce)
      for (let i = from; i < end; i++) {
        const isNow = isBlank(block[i])
        if (!isNow || !wasBlank) {
          marks[used] = isNow ? blank : block[i]
          places[used++] = start + i
        }
        wasBlank = isNow
      }
      yield { marks: marks.subarray(0, used), own: kept, placeOf: (index) => places[index] }
    }
}

const markedAtOnce = 1 << 16

/** `runLength` of tokens that may lie elsewhere, of which only what it can come to is read. */
function sharedRun(
  a: Tokens | TokenRange,
  i: number,
  b: Tokens | TokenRange,
  j: number,
  enough: number,
  isBlank?: (token: number) => boolean,
): number {
  const [fromA, fromB] = [Math.max(0, i - enough), Math.max(0, j - enough)]
  const around = (tokens: Tokens | TokenRange, from: number, at: number) =>
    loaded(tokens.subarray(from, at + enough))
  return runLength(around(a, fromA, i), i - fromA, around(b, fromB, j), j - fromB, enough, isBlank)
}

/** The length of the longest equal run through a[i] and b[j], as far as `enough`, in whichever it is longer; 0 where these differ. */
function runLength(
  a: Tokens,
  i: number,
  b: Tokens,
  j: number,
  enough: number,
  isBlank: (token: number) => boolean = () => false,
): number {
  /** How far both go on alike from a[p] and b[q]. */
  const reach = (p: number, q: number, step: 1 | -1, most: number): number => {
    const [fromP, fromQ] = [p, q]
    const past = (x: Tokens, at: number) => {
      while (at >= 0 && at < x.length && isBlank(x[at])) at += step
      return at
    }
    const length = () => Math.max(Math.abs(p - fromP), Math.abs(q - fromQ))
    while (length() < most && p >= 0 && q >= 0 && p < a.length && q < b.length)
      if (isBlank(a[p]) && isBlank(b[q])) [p, q] = [past(a, p), past(b, q)]
      else if (a[p] === b[q]) [p, q] = [p + step, q + step]
      else break
    return length()
  }
  const after = reach(i, j, 1, enough)
  return after === 0 ? 0 : after + reach(i - 1, j - 1, -1, enough - after)
}
