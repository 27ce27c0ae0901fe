import { oneOf, wholeNumber } from '@ttt-e2e/cli'
import type { Command } from 'commander'
import { defaultSpeedSystems, speedSizeNames } from '../sizes'

interface RawRanksOptions {
  size: string
  systems: string
  batch: string
  reps: string
  engine: string
  mpirun: string
}

export function addRanks(command: Command): void {
  command
    .command('ranks')
    .description('what training steps gain by more processes, beside more threads')
    .option('--size <name>', `one of ${speedSizeNames.join(', ')}`, 'S')
    .option('--systems <names>', 'their names, with commas', defaultSpeedSystems[0])
    .option('--batch <number>', 'sequences of a step, shared out', '4')
    .option('--reps <number>', 'timed steps of each', '5')
    .option('--engine <name>', 'the engine to run on', 'native')
    .option('--mpirun <path>', 'what starts the processes', 'mpirun')
    .action(async (raw: RawRanksOptions) => {
      const { ranksSpeed } = await import('./ranks-speed')
      process.exitCode = await ranksSpeed({
        ...raw,
        size: oneOf('size', raw.size, speedSizeNames)!,
        systems: raw.systems.split(','),
        batch: wholeNumber('batch', raw.batch, 1024)!,
        reps: wholeNumber('reps', raw.reps, 1000)!,
      })
    })
}
