import { expect, it } from 'vitest'
import { TokenBlock } from './token-block'

const block = TokenBlock.ofRows([
  [1, 2, 3],
  [4, 5, 6],
])

it('cuts columns out of rows and puts them together again', () => {
  expect([...block.columns(1, 3).tokens]).toEqual([2, 3, 5, 6])
  expect(block.columns(0, 1).followedBy(block.columns(1, 3))).toEqual(block)
  expect(TokenBlock.empty(2).followedBy(block)).toEqual(block)
  expect(TokenBlock.ofRows(block.rows(), 2, 3)).toEqual(block.columns(2, 3))
})

it('refuses tokens that are not rows of one length', () => {
  expect(() => new TokenBlock(new Int32Array(5), 2)).toThrow("5 tokens don't make 2 sequences of one length")
})
