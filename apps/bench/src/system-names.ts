import { UserError } from '@ttt-e2e/cli'
import { definitionOf, systemNames, UnknownSystem } from '@ttt-e2e/baselines'

/** Systems separated by commas, or `all`. @throws UserError naming the known ones */
export function readSystems(given: string): string[] {
  if (given.trim() === 'all') return [...systemNames]
  const names = given.split(',').map((name) => name.trim())
  try {
    for (const name of names) definitionOf(name)
  } catch (error) {
    if (error instanceof UnknownSystem) throw new UserError(error.message)
    throw error
  }
  return [...new Set(names)]
}
