import { oneOf, wholeNumber } from '@ttt-e2e/cli'
import { precisions, precisionsInWords } from '@ttt-e2e/tensor-ops'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { MemoryOptions } from './index'

export function addMemory(command: Command, caller: string): void {
  command
    .command('memory <model>')
    .description('what a model trained on the books gains by learning while it reads those held out')
    .option(
      '--static <model>',
      'one of the same architecture and tokens, trained without learning, to set beside it',
    )
    .option(
      '--kilobytes <n>',
      'how far each book is read',
      (text) => wholeNumber('kilobytes', text, 1024),
      16,
    )
    .option('--engine <name>', 'the engine to run on', 'auto')
    .option('--precision <name>', precisionsInWords(), (text) => oneOf('precision', text, precisions))
    .action(async (folder: string, options: MemoryOptions) => {
      const { memory } = await import('./index')
      const still = options.static === undefined ? undefined : resolve(caller, options.static)
      await memory(resolve(caller, folder), { ...options, static: still })
    })
}
