import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, wholeNumber } from '@ttt-e2e/cli'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { Command } from 'commander'
import { killAtRandom } from './kill-at-random'

const command = new Command('pnpm --filter bench kills')
  .description('kill −9 of a bench at random moments; started again it must come to the same numbers')
  .argument('[options...]', 'of the bench, after --; --preset tiny where left out', ['--preset', 'tiny'])
  .option('--kills <number>', 'how often', '20')
  .option('--seed <number>', 'of the moments', '1')
  .action(async (parameters: string[], { kills, seed }: Record<string, string>) => {
    const random = createRandom(wholeNumber('seed', seed, 2 ** 31)!)
    const { different } = await killAtRandom(
      {
        folder: mkdtempSync(join(tmpdir(), 'bench-kills-')),
        parameters,
        kills: wholeNumber('kills', kills, 1e6)!,
        random: () => random.uniform(),
      },
      (report) =>
        process.stdout.write(
          `${report.kills} kills, ${report.ended} came to their end, ${report.different} of these with other numbers\n`,
        ),
    )
    process.exitCode = different > 0 ? 1 : 0
  })

await runCommand(command)
