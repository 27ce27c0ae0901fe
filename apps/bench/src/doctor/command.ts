import type { Command } from 'commander'

export function addDoctor(command: Command): void {
  command
    .command('doctor')
    .description(
      'each engine on this machine: whether it runs or why not, its limits, its speed, how right it is; what auto takes',
    )
    .option('--engine <names>', 'only these, separated by commas; all where left out')
    .option('--threads <number>', 'threads of the engines; all cores where left out')
    .action(async (options: { engine?: string; threads?: string }) => {
      const { examineEngines } = await import('./index')
      process.exitCode = await examineEngines(options)
    })
}
