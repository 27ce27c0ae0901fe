import { halfCharacterIn } from '@ttt-e2e/data'
import { ApiError } from './api-error'

/**
 * The one rule for half characters: a text that has one is refused, wherever it stands. No encoding of it goes back to
 * what was sent, and an answer that ends at one would end within a character.
 *
 * @throws ApiError 400 that names the field
 */
export function checkCharacters(text: string, param: string | null): void {
  const half = halfCharacterIn(text)
  if (!half) return
  throw new ApiError(
    400,
    'half_character',
    `${whole(param ?? 'the body')}: has half a character (the lone surrogate ${half.code}) at ${half.at}; send characters whole`,
    param === null ? null : whole(param),
  )
}

/** The beginning of what a client sent, to be shown to it: whole characters only. */
export function shown(text: string, count = 100): string {
  const characters = Array.from(text.slice(0, 2 * count + 1))
  return whole(characters.slice(0, count).join('')) + (characters.length > count ? '…' : '')
}

/** Characters, as people and JSON Schema count them. */
export const countCharacters = (text: string): number => Array.from(text).length

const whole = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')
