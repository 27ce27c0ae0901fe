import type { Command } from 'commander'
import { sizeNames } from './sizes'

export function addSystems(command: Command): void {
  command
    .command('systems')
    .description('what each system takes: parameters, bytes of state, floating-point operations per token')
    .option('--size <names>', `of ${sizeNames.join(', ')}`, 'books')
    .option('--systems <names>', 'separated by commas; all where left out')
    .action(async (options: { size: string; systems?: string }) => {
      const { printSystems } = await import('./index')
      printSystems(options)
    })
}
