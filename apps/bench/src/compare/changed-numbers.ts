/** A number that stands at the same place of two plain values and differs. */
export interface ChangedNumber {
  path: string
  a: number
  b: number
}

/** All of them, the greatest change first, as a share of the greater one. */
export const changedNumbers = (a: unknown, b: unknown): ChangedNumber[] =>
  find(a, b, '').sort((x, y) => shareOf(y) - shareOf(x))

const shareOf = ({ a, b }: ChangedNumber) => Math.abs(b - a) / Math.max(Math.abs(a), Math.abs(b))

function find(a: unknown, b: unknown, path: string): ChangedNumber[] {
  if (typeof a === 'number' && typeof b === 'number') return a === b ? [] : [{ path, a, b }]
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return []
  return Object.entries(a).flatMap(([key, value]) =>
    find(value, (b as Record<string, unknown>)[key], path === '' ? key : `${path} · ${key}`),
  )
}
