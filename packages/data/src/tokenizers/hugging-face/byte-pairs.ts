import { DataError } from '../../data-error'
import { idOf, type MergeTable } from './merge-table'
import type { TokenizerFile } from './tokenizer-file'

/** Of so many pieces the tokens are kept, since texts repeat their words; pieces longer than these are not. */
const mostKept = 10_000
const longestKept = 256
/** Above every place in a piece. */
const places = 2 ** 29
const utf8 = new TextEncoder()

/**
 * The tokens of a piece of text by byte-pair encoding: its characters, of which the two neighbours whose merge ranks first
 * become one, the leftmost such pair first, until there are none.
 *
 * @param isName tells tokens that no text becomes, as they aren't in the vocabulary: merges don't make them
 * @returns the encoder; it throws a DataError for a character that has no token, where the one for such isn't in the vocabulary
 */
export function bytePairs(
  model: TokenizerFile['model'],
  merges: MergeTable,
  isName: (id: number) => boolean,
): (piece: string) => readonly number[] {
  const kept = new Map<string, readonly number[]>()
  const tokenOf = (text: string) => {
    const id = idOf(model.vocab, text)
    return id === undefined || isName(id) ? undefined : id
  }
  const rankOf = (left: number, right: number) => {
    const rank = merges.rankOf(left, right)
    return rank >= 0 && isName(merges.made(rank)) ? -1 : rank
  }
  const encode = (piece: string): readonly number[] => {
    const whole = model.ignore_merges ? tokenOf(piece) : undefined
    return whole === undefined ? merged(charactersOf(piece, model, tokenOf), rankOf, merges) : [whole]
  }
  return (piece) => {
    const known = kept.get(piece)
    if (known) return known
    const tokens = encode(piece)
    if (piece.length > longestKept) return tokens
    if (kept.size >= mostKept) kept.clear()
    kept.set(piece, tokens)
    return tokens
  }
}

/** A token for each character: its own, or those of its bytes, or that of the unknown. */
function charactersOf(
  piece: string,
  model: TokenizerFile['model'],
  tokenOf: (text: string) => number | undefined,
): number[] {
  const { unk_token: unknown, byte_fallback: byBytes, fuse_unk: fuses, end_of_word_suffix: suffix } = model
  const tokens: number[] = []
  let afterUnknown = false
  let at = 0
  for (const character of piece) {
    at += character.length
    const text = suffix && at === piece.length ? character + suffix : character
    const own = tokenOf(text)
    const known = own === undefined ? byBytes && byteTokens(text, tokenOf) : [own]
    if (known) tokens.push(...known)
    else if (unknown != null && !(fuses && afterUnknown)) tokens.push(unknownToken(model, unknown, character))
    afterUnknown = !known
  }
  return tokens
}

/** None unless every byte has one. */
function byteTokens(text: string, tokenOf: (text: string) => number | undefined): number[] | undefined {
  const tokens = Array.from(utf8.encode(text), (byte) =>
    tokenOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  )
  return tokens.includes(undefined) ? undefined : (tokens as number[])
}

function unknownToken({ vocab }: TokenizerFile['model'], unknown: string, character: string): number {
  const id = idOf(vocab, unknown)
  if (id !== undefined) return id
  throw new DataError(
    `the text has the character ${JSON.stringify(character)}, for which tokenizer.json has no token, and its unk_token ${JSON.stringify(unknown)} is not in the vocabulary`,
  )
}

/** @param tokens of the characters; they become those of the piece */
function merged(
  tokens: number[],
  rankOf: (left: number, right: number) => number,
  merges: MergeTable,
): number[] {
  const end = tokens.length
  if (end < 2) return tokens
  // A list whose items go: by place, what stands before and behind, and the rank of the merge with what stands behind.
  const before = Int32Array.from(tokens, (_, at) => at - 1)
  const behind = Int32Array.from(tokens, (_, at) => at + 1)
  const ranks = new Int32Array(end).fill(-1)
  const pairs = new Queue()
  const look = (at: number) => {
    ranks[at] = behind[at] < end ? rankOf(tokens[at], tokens[behind[at]]) : -1
    if (ranks[at] >= 0) pairs.push(ranks[at] * places + at)
  }
  for (let at = 0; at < end - 1; at++) look(at)
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const at = pair % places
    const rank = Math.floor(pair / places)
    // One of its two has become another since.
    if (ranks[at] !== rank) continue
    const gone = behind[at]
    tokens[at] = merges.made(rank)
    tokens[gone] = -1
    ranks[gone] = -1
    behind[at] = behind[gone]
    if (behind[at] < end) before[behind[at]] = at
    look(at)
    if (before[at] >= 0) look(before[at])
  }
  return tokens.filter((token) => token >= 0)
}

/** Numbers, of which the least goes first: a binary heap. */
class Queue {
  private readonly heap: number[] = []

  push(value: number): void {
    const { heap } = this
    let at = heap.length
    heap.push(value)
    for (let up = (at - 1) >> 1; at > 0 && heap[up] > value; up = (at - 1) >> 1) {
      heap[at] = heap[up]
      at = up
    }
    heap[at] = value
  }

  pop(): number | undefined {
    const { heap } = this
    const least = heap[0]
    const value = heap.pop()
    if (value === undefined || heap.length === 0) return value
    let at = 0
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (heap[down + 1] < heap[down]) down++
      if (heap[down] >= value) break
      heap[at] = heap[down]
      at = down
    }
    heap[at] = value
    return least
  }
}
