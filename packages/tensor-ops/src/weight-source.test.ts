import { beforeAll, expect, it } from 'vitest'
import {
  bytesInMemory,
  encodeSafetensors,
  liveTensors,
  loadLike,
  resolveEngine,
  safetensorsSource,
  tf,
  treeForm,
  treeMap,
  type PlainTensors,
} from './index'

beforeAll(() => resolveEngine('cpu'))

const form = () => treeForm(() => ({ a: tf.zeros([2, 2]), list: [tf.zeros([3]), tf.zeros([1], 'int32')] }))
const tensors: PlainTensors = {
  a: { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) },
  'list.0': { shape: [3], values: Float32Array.of(5, 6, 7) },
  'list.1': { shape: [1], values: Int32Array.of(8) },
}
const sourceOf = (changes: PlainTensors, without: string[] = []) => {
  const all = Object.entries({ ...tensors, ...changes }).filter(([name]) => !without.includes(name))
  return safetensorsSource(bytesInMemory(encodeSafetensors(Object.fromEntries(all))))
}

it('loads a tree by its paths, never holding more than the tree', async () => {
  const before = liveTensors()
  const held: number[] = []
  const source = await sourceOf({})
  const watched = {
    ...source,
    read: (name: string) => (held.push(liveTensors() - before), source.read(name)),
  }
  const tree = await loadLike(form(), watched)
  expect(held).toEqual([0, 1, 2])
  const values: number[][] = []
  treeMap(tree, (leaf) => (values.push([...leaf.dataSync()]), leaf))
  expect(values).toEqual([[1, 2, 3, 4], [5, 6, 7], [8]])
  expect(liveTensors()).toBe(before + 3)
  tf.dispose(tree)
})

it('lists everything that does not match, and leaves nothing behind', async () => {
  const before = liveTensors()
  const source = await sourceOf(
    {
      a: { shape: [4], values: new Float32Array(4) },
      'list.1': { shape: [1], values: Float32Array.of(8) },
      more: { shape: [], values: Float32Array.of(1) },
    },
    ['list.0'],
  )
  await expect(loadLike(form(), source)).rejects.toThrow(
    'a is [4], not [2, 2]; list.0 is missing; list.1 is of type F32, not I32; more is no tensor of this system',
  )
  const spoilt = await sourceOf({ 'list.0': { shape: [3], values: Float32Array.of(1, NaN, 2) } })
  await expect(loadLike(form(), spoilt)).rejects.toThrow('list.0 has values that are not finite')
  const broken = await safetensorsSource(bytesInMemory(new Uint8Array(3)))
  await expect(loadLike(form(), broken)).rejects.toThrow('at least 8 bytes, this one has 3')
  expect(liveTensors()).toBe(before)
})
