import type { Command } from 'commander'
import { resolve } from 'node:path'

/** @param caller the folder that the caller works in */
export function addCompare(command: Command, caller: string): void {
  command
    .command('compare <a> <b>')
    .description(
      'what differs between two runs, each its results.json or its folder: losses with intervals, speeds, every number',
    )
    .action(async (a: string, b: string) => {
      const { compareResults } = await import('./index')
      const { readResults } = await import('./read-results')
      const { ownProbes } = await import('../probes')
      const { formatTable } = await import('@ttt-e2e/report')
      const [first, second] = [a, b].map((path) => readResults(resolve(caller, path)))
      process.stdout.write(`${compareResults(first, second, ownProbes).map(formatTable).join('\n\n')}\n`)
    })
}
