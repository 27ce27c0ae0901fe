/** Values of a plain record by their paths: `training.batch`, `8`. Lists count as one value. */
export function settingsOf(value: unknown, path = ''): [path: string, value: string][] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  return Object.entries(value).flatMap(([key, each]) =>
    settingsOf(each, path === '' ? key : `${path}.${key}`),
  )
}

/** Those that differ, as rows of path and both values; empty where one has none. */
export function differentSettings(a: unknown, b: unknown): string[][] {
  const [ofA, ofB] = [a, b].map((each) => new Map(settingsOf(each)))
  return [...new Set([...ofA.keys(), ...ofB.keys()])]
    .filter((path) => ofA.get(path) !== ofB.get(path))
    .map((path) => [path, ofA.get(path) ?? '', ofB.get(path) ?? ''])
}
