/** Sets the value at a path of plain JSON, e.g. `recipe.size.layers`; undefined takes it out. */
export function setPath(json: unknown, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop()!
  let place = json as Record<string, unknown>
  for (const key of keys) place = place[key] as Record<string, unknown>
  if (value === undefined) delete place[last]
  else place[last] = value
}
