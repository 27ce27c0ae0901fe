import { UserError, wholeNumber } from '@ttt-e2e/cli'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { DamageOptions } from './index'

export function addDamage(command: Command, caller: string): void {
  command
    .command('damage <model>')
    .description('what random bytes cost a model trained on the books afterwards, and for how long')
    .option('--bytes <n>', 'random bytes to read', (text) => wholeNumber('bytes', text, 1e9), 2_000_000)
    .option(
      '--kilobytes <n>',
      'how much ordinary text is read after them',
      (text) => wholeNumber('kilobytes', text, 4096),
      320,
    )
    .option(
      '--decay <list>',
      "shares of the way back to W₀ that each inner step goes, e.g. 0,0.001; the model's own where left out",
      sharesOf,
    )
    .option('--engine <name>', 'the engine to run on', 'auto')
    .action(async (folder: string, options: DamageOptions) => {
      const { damage } = await import('./index')
      await damage(resolve(caller, folder), options)
    })
}

function sharesOf(text: string): number[] {
  const shares = text.split(',').map(Number)
  const wrong = shares.find((share) => !(share >= 0 && share <= 1))
  if (wrong === undefined) return shares
  throw new UserError(`--decay takes numbers from 0 to 1, separated by commas; '${text}' was given`)
}
