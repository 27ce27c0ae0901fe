import { wholeNumber } from '@ttt-e2e/cli'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { Option, type Command } from 'commander'
import { join, resolve } from 'node:path'
import { readRates } from '../read-rates'

interface RawOptions {
  out?: string
  set: string[]
  rates: string
  documents?: string
  engine: string
  precision?: Precision
  threads?: string
}

export function addWarmStart(command: Command, caller: string): void {
  command
    .command('warm-start <model>')
    .description(
      'a pretrained transformer that learns to learn on the books, and its controls: loss by token index on books held out',
    )
    .option('--out <folder>', 'where its two runs and its losses are kept; goes on where it was stopped')
    .option(
      '--set <path=value>',
      'change a value of the recipe pretrained/books, e.g. training.optimizer.schedule.steps=100; may be given again',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--rates <list>', 'the inner rates that naive learning is swept over', '0.003,0.01,0.03,0.1')
    .option('--documents <n>', 'held-out documents to read at the most; all where left out')
    .option('--engine <name>', 'the engine to run on', 'auto')
    .addOption(
      new Option('--precision <name>', 'of products of matrices; f32 where left out').choices(precisions),
    )
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .action(async (model: string, raw: RawOptions) => {
      const { warmStart } = await import('./index')
      process.exitCode = await warmStart({
        model: resolve(caller, model),
        out: raw.out === undefined ? join(caller, 'runs', 'warm-start') : resolve(caller, raw.out),
        settings: raw.set,
        rates: readRates(raw.rates),
        documents: wholeNumber('documents', raw.documents, 1e6),
        engine: raw.engine,
        ...(raw.precision && { precision: raw.precision }),
        threads: wholeNumber('threads', raw.threads, 1024),
      })
    })
}
