import { expect } from 'vitest'

const added = Symbol.for('ttt-e2e: arrays of the same bytes are equal')
const global = globalThis as { [added]?: true }

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength)

// Vitest compares arrays of numbers value by value, key by key: a saved run of 100 kB takes it a second. What differs in
// any byte it goes on to compare, and tells where. Test files that share a process share what was added.
if (!global[added])
  expect.addEqualityTesters([
    (a: unknown, b: unknown) =>
      ArrayBuffer.isView(a) &&
      ArrayBuffer.isView(b) &&
      a.constructor === b.constructor &&
      bytesOf(a).equals(bytesOf(b))
        ? true
        : undefined,
  ])
global[added] = true
