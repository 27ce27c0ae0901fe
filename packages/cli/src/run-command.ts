import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { CommanderError, type Command } from 'commander'
import { endOnSignals } from './interrupt'
import { outliveOutput } from './outlive-output'

/**
 * Runs a command line. A request that can't be met, by the file system either, ends with one sentence on stderr and exit
 * code 2; any other error is a fault of the program and keeps its stack. Nobody has to listen to what it prints.
 * A signal ends it with 130, unless the command heeds it.
 */
export async function runCommand(command: Command): Promise<void> {
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: (text) => process.stderr.write(text) })
  command.hook('preAction', (_, acting) => [command, acting].forEach(refuseEmptyOptions))
  outliveOutput()
  endOnSignals()
  try {
    // Some package managers pass on the -- that separates a script's own parameters.
    const parameters = process.argv.slice(process.argv[2] === '--' ? 3 : 2)
    await command.parseAsync(parameters, { from: 'user' })
  } catch (thrown) {
    const error = asFileError(thrown)
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else if (error instanceof UserError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = 2
    } else throw error
  }
}

/** A name that a script left empty is a mistake: as a path it would be the folder that the user stands in. */
function refuseEmptyOptions(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName()
    const isEmpty = [command.getOptionValue(name)].flat().includes('')
    if (isEmpty && command.getOptionValueSource(name) === 'cli')
      throw new UserError(`${option.long} is empty; give it a value, or leave it out`)
  }
}

/** The folder that the user called from; package managers change into the app's own. */
export const callersFolder = (): string => process.env.INIT_CWD ?? process.cwd()
