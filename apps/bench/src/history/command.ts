import { UserError } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { historyFile, readHistory } from './history-file'
import { reportHistory } from './index'

/** @param caller the folder that the caller works in */
export function addHistory(command: Command, caller: string): void {
  command
    .command('history')
    .description(
      'speeds of this machine over commits, as every finished run keeps them; exit code 1 where the last run is slower than ' +
        'the median of those before it by more than the threshold',
    )
    .option('--threshold <percent>', 'by how much a piece of work may be slower', '20')
    .option('--file <path>', 'where the speeds are kept; runs/bench-history.jsonl where left out')
    .action(({ threshold, file }: { threshold: string; file?: string }) => {
      const percent = Number(threshold)
      if (threshold.trim() === '' || !(percent >= 0))
        throw new UserError(`--threshold is '${threshold}'; it must be a number of percent from 0 on`)
      const path = file === undefined ? historyFile(caller) : resolve(caller, file)
      const lines = readHistory(path)
      if (lines.length === 0)
        throw new UserError(`'${path}' has no speeds yet; a run of the bench that ends keeps them there`)
      const { tables, slower } = reportHistory(lines, percent / 100)
      process.stdout.write(`${tables.map(formatTable).join('\n\n')}\n`)
      if (slower.length === 0) return
      process.stderr.write(`${slower.join('\n')}\n`)
      process.exitCode = 1
    })
}
