import { byteCodec, type TextCodec } from '../text-of'

/** A place in a text where a name stands, and the same with another name of as many letters. */
export interface Statement {
  /** What is read before. */
  cue: Int32Array
  /** The name and what follows. */
  isTrue: Int32Array
  isFalse: Int32Array
  /** Characters of either. */
  length: number
}

const cueLength = 32
const following = 16

/** Capitalised words that don't begin a sentence. */
const namePattern = /(?<=[a-z,;] )[A-Z][a-z]{2,}(?=[^A-Za-z])/g

export const namesOf = (text: string): string[] => [
  ...new Set([...text.matchAll(namePattern)].map(([name]) => name)),
]

/**
 * Statements of a text with the name that is there and with one that isn't in it: of as many letters, from other texts.
 *
 * @param most statements, evenly spread over the text
 */
export function statementsOf(
  tokens: Int32Array,
  others: readonly string[],
  most: number,
  { textOf, tokensOf, lead }: TextCodec = byteCodec,
): Statement[] {
  const text = textOf(tokens)
  const own = new Set(namesOf(text))
  const found = [...text.matchAll(namePattern)]
    .filter(
      ({ index, 0: name }) => index >= cueLength + lead && index + name.length + following <= text.length,
    )
    .flatMap(({ index, 0: name }, n) => {
      const matched = others.filter((other) => other.length === name.length && !own.has(other))
      return matched.length === 0 ? [] : [{ index, name, other: matched[n % matched.length] }]
    })
  const step = Math.max(1, found.length / most)
  return Array.from({ length: Math.min(most, found.length) }, (_, n) => found[Math.floor(n * step)]).map(
    ({ index, name, other }) => {
      const at = index - lead
      const before = text.slice(at, index)
      const after = text.slice(index + name.length, index + name.length + following)
      return {
        cue: tokensOf(text.slice(at - cueLength, at)),
        isTrue: tokensOf(before + name + after),
        isFalse: tokensOf(before + other + after),
        length: name.length + following,
      }
    },
  )
}
