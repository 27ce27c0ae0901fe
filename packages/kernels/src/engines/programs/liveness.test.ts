import { expect, it } from 'vitest'
import { liveCalls, readBy } from './liveness'
import { buffer, call } from './testing'

const [x, y, unused, z] = ['x', 'y', 'unused', 'z'].map((name) => buffer(name))
const calls = [call('a', [x], y), call('b', [y], unused), call('c', [y, undefined], undefined, z)]

it('keeps the calls that the wanted buffers depend on, in their order', () => {
  expect(liveCalls(calls, [z])).toEqual([calls[0], calls[2]])
  expect(liveCalls(calls, [unused])).toEqual([calls[0], calls[1]])
  expect(liveCalls(calls, [x])).toEqual([])
})

it('says what calls read', () => {
  expect(readBy(calls)).toEqual(new Set([x, y]))
})
