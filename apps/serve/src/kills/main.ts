import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oneOf, runCommand, UserError, wholeNumber } from '@ttt-e2e/cli'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { Command } from 'commander'
import { sharedStores } from '../memories/store/testing/servers'
import { tinyRun } from '../testing'
import { killAtRandom } from './kill-at-random'

const kinds = ['files', 'redis', 's3'] as const

const command = new Command('pnpm --filter serve kills')
  .description('kill −9 of a server at random moments under load; every answered write must be there')
  .option('--kills <number>', 'how often', '200')
  .option('--store <kind>', `one of ${kinds.join(', ')}`, 'files')
  .option('--replicas <number>', 'servers that share it; files have one', '1')
  .option('--seed <number>', 'of the moments', '1')
  .action(async ({ kills, seed, ...given }: Record<string, string>) => {
    const random = createRandom(Number(seed))
    const kind = oneOf('store', given.store, kinds)!
    const replicas = wholeNumber('replicas', given.replicas, 16)!
    if (kind === 'files' && replicas > 1)
      throw new UserError('--store files has one server; --replicas is for redis and s3')
    const shared = kind === 'files' ? undefined : await sharedStores[kind].start()
    const report = await killAtRandom(
      {
        model: await tinyRun(),
        store: shared?.url ?? mkdtempSync(join(tmpdir(), 'kills-')),
        kills: wholeNumber('kills', kills, 1e6)!,
        replicas,
        writers: 4,
        milliseconds: 2e3,
        random: () => random.uniform(),
      },
      ({ kills: done, answered, wrong }) =>
        process.stdout.write(`${done} kills, ${answered} answered writes, ${wrong.length} wrong\n`),
    )
    await shared?.stop()
    for (const line of report.wrong) process.stdout.write(`${line}\n`)
    process.exitCode = report.wrong.length > 0 ? 1 : 0
  })

await runCommand(command)
