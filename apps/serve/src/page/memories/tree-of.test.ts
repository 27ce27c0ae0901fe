import { expect, it } from 'vitest'
import type { MemoryAnswer } from '../api/api-client'
import { treeOf, type Branch } from './tree-of'

const memory = (id: string, parent: string | null = null) => ({ id, parent }) as MemoryAnswer
const shape = (branches: readonly Branch[]): unknown =>
  branches.map(({ memory, forks }) => [memory.id, shape(forks)])

it('puts forks below what they were forked from, in their order', () => {
  const memories = [memory('a'), memory('b'), memory('c', 'a'), memory('d', 'c'), memory('e', 'a')]
  expect(shape(treeOf(memories))).toEqual([
    [
      'a',
      [
        ['c', [['d', []]]],
        ['e', []],
      ],
    ],
    ['b', []],
  ])
})

it('lets forks of what is gone stand by themselves', () => {
  expect(shape(treeOf([memory('b', 'gone'), memory('c', 'b')]))).toEqual([['b', [['c', []]]]])
})
