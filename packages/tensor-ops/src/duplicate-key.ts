/** Strings, and the punctuation that says what they are. */
const token = /"((?:[^"\\]|\\.)*)"|[{}[\]:,]/gs

/** The first key that an object has twice, which parsers pass over; undefined where none has. @param json sound JSON */
export function duplicateKey(json: string): string | undefined {
  // Of every object that is open its keys, undefined for a list.
  const open: (Set<string> | undefined)[] = []
  let key = ''
  for (const [text, string] of json.matchAll(token)) {
    const keys = open.at(-1)
    if (string !== undefined) key = text
    else if (text === '{') open.push(new Set())
    else if (text === '[') open.push(undefined)
    else if (text === '}' || text === ']') open.pop()
    else if (text === ':' && keys) {
      const name = JSON.parse(key) as string
      if (keys.has(name)) return name
      keys.add(name)
    }
  }
  return undefined
}
