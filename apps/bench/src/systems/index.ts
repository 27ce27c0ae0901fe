import { systemNames } from '@ttt-e2e/baselines'
import { oneOf } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import { readSystems } from '../system-names'
import { sizeNames, sizes } from './sizes'
import { systemsTable } from './systems-table'

/**
 * Prints what each system takes, one table for each size.
 *
 * @throws UserError naming what was given and what is allowed
 */
export function printSystems(options: { size: string; systems?: string }): void {
  const names = options.systems === undefined ? systemNames : readSystems(options.systems)
  for (const given of options.size.split(',')) {
    const name = oneOf('size', given.trim(), sizeNames)!
    console.log(`\n${formatTable(systemsTable(names, name, sizes[name]))}`)
  }
}
