import { legible, UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Characters of a message. */
const longest = 3000

/** Data, or an option about data, that cannot be used. The message says what was given and what is allowed. */
export class DataError extends UserError {
  override readonly name = 'DataError'
  override readonly code = 'invalid_data'

  constructor(message: string) {
    // Names, keys and values of files stand in it.
    super(legible(message, longest))
  }
}

/**
 * Checks that an option is a whole number in [minimum, maximum].
 *
 * @throws DataError naming the option, its value and the allowed range.
 */
export function checkWhole(
  name: string,
  value: unknown,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum) return
  const range = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} up` : `from ${minimum} to ${maximum}`
  throw new DataError(`${name} is ${String(value)}; it must be a whole number ${range}`)
}
