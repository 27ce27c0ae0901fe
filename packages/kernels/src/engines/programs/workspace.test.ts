import { expect, it } from 'vitest'
import { Workspace } from './workspace'

it('gives a part back to others, the smallest that fits', () => {
  const workspace = new Workspace(8)
  const [first, second, third] = [workspace.take(64), workspace.take(20), workspace.take(16)]
  expect([first, second, third, workspace.bytes]).toEqual([0, 64, 88, 104])
  workspace.give(first, 64)
  workspace.give(second, 20)
  workspace.give(third, 16)
  // Neighbours have become one part.
  expect(workspace.take(104)).toBe(0)
  expect(workspace.bytes).toBe(104)
})

it('takes the smallest part that fits', () => {
  const workspace = new Workspace(8)
  const parts = [32, 8, 16, 8].map((bytes) => workspace.take(bytes))
  workspace.give(parts[0], 32)
  workspace.give(parts[2], 16)
  expect(workspace.take(16)).toBe(parts[2])
  expect(workspace.take(24)).toBe(parts[0])
})

it('grows its last free part where none is large enough', () => {
  const workspace = new Workspace(8)
  workspace.take(8)
  workspace.give(workspace.take(16), 16)
  expect(workspace.take(40)).toBe(8)
  expect(workspace.bytes).toBe(48)
})

it('has room for what has no bytes', () => {
  const workspace = new Workspace(8)
  workspace.give(workspace.take(0), 0)
  expect(workspace.bytes).toBe(0)
})
