import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { ConformOptions } from './index'

export function addConform(command: Command, caller: string): void {
  command
    .command('conform <folder>')
    .description('runs the golden cases below a folder through the public packages')
    .option('--engine <name>', 'the engine to run them on', 'auto')
    .option('--kind <kind>', 'only cases of this kind')
    .option('--gguf <file>', 'the file of SmolLM2-135M-Instruct (Q4_1), for its case')
    .option('--expand', 'makes its weights float32, where they would stay quantised')
    .action(async (folder: string, options: Omit<ConformOptions, 'print'>) => {
      const { runConform } = await import('./index')
      process.exitCode = await runConform(resolve(caller, folder), {
        ...options,
        ...(options.gguf !== undefined && { gguf: resolve(caller, options.gguf) }),
      })
    })
}
