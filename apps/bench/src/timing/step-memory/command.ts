import type { Command } from 'commander'
import { speedSizeNames } from '../sizes'

export function addStepMemory(command: Command): void {
  command
    .command('step-memory')
    .description(
      'memory of a training step against the number of chunks: counted, and measured in a process each',
    )
    .option('--size <name>', `of ${speedSizeNames.join(', ')}`, 'XS')
    .option('--system <name>', 'one that learns while it reads', 'ttt-e2e')
    .option('--chunks <numbers>', 'of one sequence', '4,16,64,256')
    .option('--length <tokens>', "of the sequence; the size's own where left out")
    .option(
      '--memory <size>',
      "of the process, as the trainer's; held against a step without it, instead of all and least",
    )
    .option('--steps <number>', 'one after another in each process, of which the last is timed', '2')
    .option('--engine <name>', 'the engine to run on', 'auto')
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .option('--counted', 'count only: no step is taken')
    .action(async (options) => {
      const { stepMemory } = await import('./index')
      process.exitCode = await stepMemory(options)
    })
}
