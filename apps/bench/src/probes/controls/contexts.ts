import type { ModelSize } from '@ttt-e2e/baselines'
import { stackReach } from '@ttt-e2e/data'

/** Targets of an ending that count. */
const counted = 64

/**
 * The endings of documents after their own beginnings, after those of the next document, and after nothing. Only targets
 * count that are out of the windows' reach of what was read before, so that a difference is what was remembered otherwise.
 */
export function contextsOf(documents: readonly Int32Array[], { layers, window }: ModelSize) {
  const reach = stackReach(layers, window)
  const half = documents[0].length >> 1
  const length = Math.min(reach + counted, half)
  const endings = documents.map((tokens) => tokens.subarray(tokens.length - length))
  const after = (before: Int32Array, ending: Int32Array) => Int32Array.from([...before, ...ending])
  const beginnings = documents.map((tokens) => tokens.subarray(0, tokens.length - length))
  return {
    own: endings.map((ending, n) => after(beginnings[n], ending)),
    another: endings.map((ending, n) => after(beginnings[(n + 1) % beginnings.length], ending)),
    none: endings,
    counted: Math.max(1, Math.min(counted, length - reach)),
  }
}
