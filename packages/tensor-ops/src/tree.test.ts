import { expect, it } from 'vitest'
import {
  resolveEngine,
  tf,
  treeBytes,
  treeEntries,
  treeLeaves,
  treeMap,
  treeSelect,
  treeSize,
  treeWithLeaves,
} from './index'

await resolveEngine('cpu')
const tree = () => ({ a: tf.ones([2]), list: [tf.zeros([3]), { deep: tf.scalar(4) }], absent: undefined })

it('names leaves by their path', () => {
  expect(treeEntries(tree()).map(([path]) => path)).toEqual(['a', 'list.0', 'list.1.deep'])
})

it('maps leaves and keeps the form, absent branches left out', () => {
  const mapped = treeMap(tree(), (leaf) => tf.add(leaf, 1))
  expect(Object.keys(mapped)).toEqual(['a', 'list'])
  expect(treeLeaves(mapped).map((leaf) => leaf.dataSync()[0])).toEqual([2, 1, 5])
})

it('fills a form with leaves, as many as it has', () => {
  const leaves = treeLeaves(tree())
  expect(treeLeaves(treeWithLeaves(tree(), leaves))).toEqual(leaves)
  expect(() => treeWithLeaves(tree(), leaves.slice(1))).toThrow()
  expect(() => treeWithLeaves(tree(), [...leaves, leaves[0]])).toThrow('the tree has 3 leaves, 4 were given')
})

it('selects leaves at their paths', () => {
  const paths = (wanted: (path: string) => boolean) =>
    treeEntries(treeSelect(tree(), wanted)).map(([path]) => path)
  expect(paths((path) => path.startsWith('list.1'))).toEqual(['list.1.deep'])
  expect(paths(() => true)).toEqual(['a', 'list.0', 'list.1.deep'])
  expect(paths(() => false)).toEqual([])
})

it('counts values and bytes', () => {
  expect(treeSize(tree())).toBe(6)
  expect(treeBytes(tree())).toBe(24)
})
