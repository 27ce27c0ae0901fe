import { UserError } from '@ttt-e2e/cli'

/** Rates separated by commas, as --rates gives them. @throws UserError for a list of anything but numbers above 0 */
export function readRates(given: string): number[] {
  const rates = given.split(',').map(Number)
  if (rates.every((rate) => rate > 0 && rate < Infinity)) return rates
  throw new UserError(`--rates is '${given}'; it must be numbers above 0 with commas between, e.g. 0.01,0.1`)
}
