import type { Tokenizer } from './tokenizer'

/** Tells which tokens are nothing but blanks and ends of lines. */
export function blankTokens(tokenizer: Tokenizer): (token: number) => boolean {
  const { vocabularySize, bosToken } = tokenizer
  const blank = Uint8Array.from({ length: vocabularySize }, (_, token) =>
    token !== bosToken && /^\s+$/.test(tokenizer.decode([token])) ? 1 : 0,
  )
  return (token) => blank[token] === 1
}
