import { openOutputFolder, UserError } from '@ttt-e2e/cli'
import { lockFolder } from '@ttt-e2e/tensor-ops/files'
import type { Command } from 'commander'
import { resolve } from 'node:path'

/** @param caller the folder that the caller works in */
export function addMerge(command: Command, caller: string): void {
  command
    .command('merge <runs...>')
    .description(
      'one report of what several runs measured, each its results.json or its folder: other seeds, systems, tasks or ' +
        'probes of one preset, on one machine or on several',
    )
    .requiredOption('--out <folder>', 'the report')
    .option(
      '--probe <module>',
      'a probe of your own that they were asked with; may be given again',
      (path: string, before: string[] = []) => [...before, path],
    )
    .action(async (runs: string[], { out, probe = [] }: { out: string; probe?: string[] }) => {
      const { readResults } = await import('../compare/read-results')
      const { loadProbes } = await import('../probes/load-probes')
      const { formatResults } = await import('../report/text')
      const { reportPaths, writeReport } = await import('../report/write-report')
      const { mergeResults } = await import('./index')
      const probes = await loadProbes(probe.map((path) => resolve(caller, path)))
      const paths = runs.map((path) => resolve(caller, path))
      const folder = resolve(caller, out)
      if (paths.some((path) => path === folder || path === reportPaths(folder).results))
        throw new UserError(`--out ${out} is one of the runs, which stay as they are; give another folder`)
      const merged = mergeResults(
        paths.map((path) => ({ name: path, held: readResults(path) })),
        probes,
      )
      openOutputFolder(folder)
      const unlock = lockFolder(folder)
      try {
        writeReport(folder, merged, probes)
      } finally {
        unlock()
      }
      const { results, report } = reportPaths(folder)
      process.stdout.write(`${formatResults(merged, probes)}\nresults: ${results}\nreport:  ${report}\n`)
    })
}
