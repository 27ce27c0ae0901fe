import { blocksOf, loaded, type AnyDocument, type TokenRange, type Tokens } from './document'

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
 * @returns for a document, the originals with which it shares such a run, as they are found and some of them again; the
 * first tells whether there is any. Linear in its tokens.
 */
export function passagesOf<T extends Pick<AnyDocument, 'tokens'>>(
  originals: readonly T[],
  passageLength: number,
) {
  // Any shared run of passageLength covers an aligned piece of half of it, so only aligned pieces are indexed.
  const piece = Math.ceil(passageLength / 2)
  const index = new Map<number, { original: T; start: number }[]>()
  // Nearly every position misses; a table of bits answers those faster than the map.
  const present = new Uint8Array(1 << 22)
  for (const original of originals) {
    // Blocks of whole pieces.
    for (const { block, start: begin } of blocksOf(original.tokens, 0, piece << 12))
      for (let at = 0; at + piece <= block.length; at += piece) {
        let hash = 0
        for (let i = at; i < at + piece; i++) hash = roll(hash, block[i])
        present[slot(hash)] = 1
        const start = begin + at
        const places = index.get(hash)
        if (places === undefined) index.set(hash, [{ original, start }])
        else places.push({ original, start })
      }
  }

  let weightOfLeaving = 1
  for (let i = 0; i < piece; i++) weightOfLeaving = Math.imul(weightOfLeaving, base)

  return function* ({ tokens }: Pick<AnyDocument, 'tokens'>): Generator<Passage<T>, void, void> {
    let hash = 0
    for (const { block, own, start: begin } of blocksOf(tokens, piece))
      for (let i = own - begin; i < block.length; i++) {
        hash = roll(hash, block[i])
        const end = begin + i
        if (end >= piece) hash = (hash - Math.imul(block[i - piece], weightOfLeaving)) | 0
        if (end < piece - 1 || present[slot(hash)] === 0) continue
        const start = end - piece + 1
        for (const { original, start: at } of index.get(hash) ?? [])
          if (sharedRun(original.tokens, at, tokens, start, passageLength) >= passageLength)
            yield { original, at }
      }
  }
}

const base = 0x01000193
const roll = (hash: number, token: number) => (Math.imul(hash, base) + token) | 0
const slot = (hash: number) => Math.imul(hash, 0x9e3779b1) >>> 10

/** `runLength` of tokens that may lie elsewhere, of which only what it can come to is read. */
function sharedRun(
  a: Tokens | TokenRange,
  i: number,
  b: Tokens | TokenRange,
  j: number,
  enough: number,
): number {
  const [fromA, fromB] = [Math.max(0, i - enough), Math.max(0, j - enough)]
  const around = (tokens: Tokens | TokenRange, from: number, at: number) =>
    loaded(tokens.subarray(from, at + enough))
  return runLength(around(a, fromA, i), i - fromA, around(b, fromB, j), j - fromB, enough)
}

/** The length of the longest equal run through a[i] and b[j], as far as `enough`; 0 where these differ. */
function runLength(a: Tokens, i: number, b: Tokens, j: number, enough: number): number {
  let after = 0
  while (after < enough && i + after < a.length && j + after < b.length && a[i + after] === b[j + after])
    after++
  if (after === 0) return 0
  let before = 0
  while (before + after < enough && i > before && j > before && a[i - before - 1] === b[j - before - 1])
    before++
  return before + after
}
