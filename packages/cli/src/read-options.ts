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

/** A whole number from `least` to `largest`. @throws UserError naming the option */
export function wholeNumber(
  option: string,
  given: string | undefined,
  largest: number,
  least = 1,
): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (!/^\d+$/.test(given) || value < least || value > largest)
    throw new UserError(`--${option} is '${given}'; it must be a whole number from ${least} to ${largest}`)
  return value
}

/** A share of something, from 0 to 1. @throws UserError naming the option */
export function shareOf(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (given.trim() === '' || !(value >= 0 && value <= 1))
    throw new UserError(`--${option} is '${given}'; it must be a number from 0 to 1`)
  return value
}

const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 }

/** A number of bytes as it was typed: `8GB`, `500 MiB`. @throws UserError for anything else */
export function byteCount(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const found = /^(\d+(?:\.\d+)?) ?(MB|GB|MiB|GiB)$/.exec(given.trim())
  const bytes = found ? Number(found[1]) * units[found[2]] : 0
  if (bytes > 0) return bytes
  throw new UserError(
    `--${name} is '${given}'; it must be a size with its unit, ${Object.keys(units).join(', ')}, e.g. 8GB`,
  )
}
