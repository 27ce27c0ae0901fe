import { DataError } from '../../data-error'
import type { TokenizerFile } from './tokenizer-file'

/** Ids by what a token looks like. */
export type Vocabulary = TokenizerFile['model']['vocab']

export const idOf = (vocabulary: Vocabulary, token: string): number | undefined =>
  Object.hasOwn(vocabulary, token) ? vocabulary[token] : undefined

/**
 * Which two tokens become which one, and in what order, as numbers in an open-addressed table: maps of texts take ten times
 * the memory, as much as a small model's embedding.
 */
export class MergeTable {
  /** The rank of a merge + 1, 0 where there is none. */
  private readonly slots: Int32Array
  private readonly left: Int32Array
  private readonly right: Int32Array
  private readonly whole: Int32Array

  /** @param merges of tokens that are in the vocabulary, as what they make is; of one that stands there twice the last counts */
  constructor(vocabulary: Vocabulary, merges: TokenizerFile['model']['merges']) {
    const count = merges.length
    if (count > mostMerges)
      throw new DataError(
        `tokenizer.json can't be used: it has ${count} merges, at most ${mostMerges} can be`,
      )
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(count + 1) + 1))
    this.left = new Int32Array(count)
    this.right = new Int32Array(count)
    this.whole = new Int32Array(count)
    merges.forEach((merge, rank) => {
      const [left, right] = typeof merge === 'string' ? merge.split(' ') : merge
      this.left[rank] = vocabulary[left]
      this.right[rank] = vocabulary[right]
      this.whole[rank] = vocabulary[left + right]
      this.slots[this.slotOf(vocabulary[left], vocabulary[right])] = rank + 1
    })
  }

  /** @returns the rank of a pair's merge, −1 where it has none */
  rankOf(left: number, right: number): number {
    return this.slots[this.slotOf(left, right)] - 1
  }

  /** What a merge makes. */
  made(rank: number): number {
    return this.whole[rank]
  }

  /** Where the pair's merge is, or would be. */
  private slotOf(left: number, right: number): number {
    const { slots } = this
    const last = slots.length - 1
    // Products of odd numbers with the high bits folded down spread neighbouring ids.
    const mixed = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b)
    for (let slot = (mixed ^ (mixed >>> 15)) & last; ; slot = (slot + 1) & last) {
      const rank = slots[slot] - 1
      if (rank < 0 || (this.left[rank] === left && this.right[rank] === right)) return slot
    }
  }
}

/** More merges than any tokenizer has; ranks and places in a text fit in one number together. */
const mostMerges = 1e7
