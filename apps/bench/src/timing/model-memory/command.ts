import { wholeNumber } from '@ttt-e2e/cli'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { ModelMemoryOptions } from './index'

export function addModelMemory(command: Command, caller: string): void {
  command
    .command('model-memory')
    .description('memory of a process that loads a model, reads and decodes, against its file and cache')
    .requiredOption('--model <path>', 'of any format that is known')
    .option('--tokens <n>', 'read at once', (text) => wholeNumber('tokens', text, 1e7)!, 511)
    .option('--decode <n>', 'decoded after them', (text) => wholeNumber('decode', text, 1e6)!, 32)
    .option('--engine <name>', 'the engine to run on', 'auto')
    .option('--threads <n>', 'of the engine; all cores where left out', (text) =>
      wholeNumber('threads', text, 1024),
    )
    .option('--expand', 'makes its weights float32, where they would stay quantised')
    .action(async ({ model, ...options }: ModelMemoryOptions) => {
      const { modelMemory } = await import('./index')
      await modelMemory({ ...options, model: resolve(caller, model) })
    })
}
