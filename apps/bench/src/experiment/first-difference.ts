import { isDeepStrictEqual } from 'node:util'

export interface Mismatch {
  path: string
  stored: string
  asked: string
}

/** The first place where two plain values differ, in words. */
export function firstDifference(stored: unknown, asked: unknown, path = ''): Mismatch | undefined {
  if (isDeepStrictEqual(stored, asked)) return undefined
  if (isRecord(stored) && isRecord(asked))
    for (const key of new Set([...Object.keys(stored), ...Object.keys(asked)])) {
      const found = firstDifference(stored[key], asked[key], path === '' ? key : `${path}.${key}`)
      if (found) return found
    }
  const show = (value: unknown) => (value === undefined ? 'absent' : JSON.stringify(value))
  return { path: path || 'a run', stored: show(stored), asked: show(asked) }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
