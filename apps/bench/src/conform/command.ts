import type { Command } from 'commander'
import { resolve } from 'node:path'

export function addConform(command: Command, caller: string): void {
  command
    .command('conform <folder>')
    .description('runs the golden cases below a folder through the public packages')
    .option('--engine <name>', 'the engine to run them on', 'auto')
    .option('--kind <kind>', 'only cases of this kind')
    .action(async (folder: string, options: { engine: string; kind?: string }) => {
      const { runConform } = await import('./index')
      process.exitCode = await runConform(resolve(caller, folder), options)
    })
}
