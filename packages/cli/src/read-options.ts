import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** One of the known names. @throws UserError naming them */
export function oneOf<Name extends string>(
  what: string,
  given: string | undefined,
  known: readonly Name[],
): Name | undefined {
  if (given === undefined) return undefined
  const found = known.find((name) => name === given)
  if (found === undefined) throw new UserError(`unknown ${what} '${given}'; known: ${known.join(', ')}`)
  return found
}

/** A whole number from 1 to `largest`. @throws UserError naming the option */
export function wholeNumber(option: string, given: string | undefined, largest: number): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (!/^\d+$/.test(given) || value < 1 || value > largest)
    throw new UserError(`--${option} is '${given}'; it must be a whole number from 1 to ${largest}`)
  return value
}
