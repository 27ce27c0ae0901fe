import { oneOf, wholeNumber } from '@ttt-e2e/cli'
import type { Command } from 'commander'
import { join, resolve } from 'node:path'
import { readRates } from '../read-rates'
import { readSystems } from '../system-names'
import { taskNames } from '../tasks'
import { grid } from './sweep-recipe'
import { keptSweeps } from './sweeps-file'

interface RawOptions {
  task?: string
  systems: string
  rates: string
  file?: string
  out?: string
  engine: string
  threads?: string
}

export function addRates(command: Command, caller: string): void {
  command
    .command('rates')
    .description(
      "sweeps each system's peak learning rate on validation text and keeps the losses, from which the presets take their rates",
    )
    .option('--task <name>', `one task only: ${taskNames.join(', ')}`)
    .option('--systems <names>', 'systems, separated by commas', 'all')
    .option('--rates <list>', 'the rates, separated by commas', grid.join(','))
    .option(
      '--file <path>',
      "where losses are kept; what it has isn't measured again; the presets' own where left out",
    )
    .option('--out <folder>', 'where runs are kept until they are done; runs/bench-rates where left out')
    .option('--engine <name>', 'the engine to run on', 'auto')
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .action(async (raw: RawOptions) => {
      const task = oneOf('task', raw.task, taskNames)
      const { sweepRates } = await import('./index')
      process.exitCode = await sweepRates({
        tasks: task === undefined ? taskNames : [task],
        systems: readSystems(raw.systems),
        rates: readRates(raw.rates),
        file: raw.file === undefined ? keptSweeps : resolve(caller, raw.file),
        out: resolve(caller, raw.out ?? join('runs', 'bench-rates')),
        engine: raw.engine,
        threads: wholeNumber('threads', raw.threads, 1024),
      })
    })
}
