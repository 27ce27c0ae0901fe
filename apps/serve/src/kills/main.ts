import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, wholeNumber } from '@ttt-e2e/cli'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { Command } from 'commander'
import { startRedis } from '../memories/store/testing/servers'
import { tinyRun } from '../testing'
import { killAtRandom } from './kill-at-random'

const command = new Command('pnpm --filter serve kills')
  .description('kill −9 of a server at random moments under load; every answered write must be there')
  .option('--kills <number>', 'how often', '200')
  .option('--store <kind>', 'files or redis', 'files')
  .option('--seed <number>', 'of the moments', '1')
  .action(async ({ kills, store, seed }: Record<string, string>) => {
    const random = createRandom(Number(seed))
    const redis = store === 'redis' ? await startRedis() : undefined
    const report = await killAtRandom(
      {
        model: await tinyRun(),
        store: redis?.url ?? mkdtempSync(join(tmpdir(), 'kills-')),
        kills: wholeNumber('kills', kills, 1e6)!,
        writers: 4,
        milliseconds: 2e3,
        random: () => random.uniform(),
      },
      ({ kills: done, answered, wrong }) =>
        process.stdout.write(`${done} kills, ${answered} answered writes, ${wrong.length} wrong\n`),
    )
    await redis?.stop()
    for (const line of report.wrong) process.stdout.write(`${line}\n`)
    process.exitCode = report.wrong.length > 0 ? 1 : 0
  })

await runCommand(command)
