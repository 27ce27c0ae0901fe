import { wholeNumber } from '@ttt-e2e/cli'
import type { Command } from 'commander'
import { resolve } from 'node:path'

export function addStream(command: Command, caller: string): void {
  command
    .command('stream [model]')
    .description(
      'streams a long text into a memory of a server: tokens per second and what its process occupies',
    )
    .option('--bytes <n>', 'how long the text is', (text) => wholeNumber('bytes', text, 2 ** 30), 10_000_000)
    .option('--engine <name>', 'the engine that the server runs on', 'auto')
    .action(async (folder: string | undefined, options: { bytes: number; engine: string }) => {
      const { stream } = await import('./index')
      await stream(folder === undefined ? undefined : resolve(caller, folder), options)
    })
}
