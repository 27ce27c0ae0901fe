import { expect, it } from 'vitest'
import { createRandom, disposeTree, liveTensors, resolveEngine, tf, tidy, treeMap } from '@ttt-e2e/tensor-ops'
import type { TensorTree } from '@ttt-e2e/tensor-ops'
import type { FastWeights } from './fast-weights'
import { Reader } from './reader'
import { randomTokens, smallSystem } from './testing'
import { weightDistances } from './weight-distances'

it('says how far fast weights went, tensor by tensor', async () => {
  await resolveEngine('cpu')
  const system = smallSystem(true)
  const params = system.decoder.init(createRandom(1))
  const live = liveTensors()
  const reader = new Reader(system, params)
  const before = reader.fastWeights()!
  const twice = tidy(() => treeMap(before as TensorTree, (tensor) => tf.mul(tensor, 2))) as FastWeights
  const norms = await weightDistances(before)
  for (const [i, { distance }] of (await weightDistances(twice, before)).entries()) {
    expect(norms[i].distance).toBeGreaterThan(0)
    expect(distance).toBeCloseTo(norms[i].distance, 4)
  }
  await reader.read(randomTokens(1, 3))
  const unread = reader.fastWeights()!
  expect((await weightDistances(unread, before)).map(({ distance }) => distance)).toEqual(
    Array.from({ length: 6 }, () => 0),
  )
  await reader.read(randomTokens(1, 27))
  const after = reader.fastWeights()!
  const moved = await weightDistances(after, before)
  expect(moved.map(({ name }) => name)).toEqual(expect.arrayContaining(['0.w1', '0.w2', '0.w3']))
  for (const { distance } of moved) expect(distance).toBeGreaterThan(0)
  disposeTree([before, twice, unread, after] as TensorTree[])
  reader.dispose()
  expect(liveTensors()).toBe(live)
  disposeTree(params)
})
