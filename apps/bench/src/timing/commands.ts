import { precisionsInWords } from '@ttt-e2e/tensor-ops'
import type { Command } from 'commander'
import { readSpeedOptions, type RawSpeedOptions } from './options'
import { defaultSpeedSizes, defaultSpeedSystems, speedSizeNames } from './sizes'

/** A command that measures speed, with the options that these share. */
const speedCommand = (command: Command, name: string, summary: string) =>
  command
    .command(name)
    .description(summary)
    .option(
      '--size <names>',
      `of ${speedSizeNames.join(', ')}; ${defaultSpeedSizes.join(',')} where left out`,
    )
    .option('--systems <names>', `${defaultSpeedSystems.join(',')} where left out`)
    .option('--batch <number>', 'sequences side by side; 1 where left out')
    .option('--length <tokens>', "of a sequence; the size's own where left out")
    .option('--reps <number>', 'timed runs of each system; 5 where left out')
    .option('--engine <name>', 'the engine to run on', 'auto')
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .option('--precision <name>', `of products of matrices, whose sums are f32: ${precisionsInWords()}`)
    .option('--peers <folder>', 'Python scripts that measure other implementations: run in turn with ours')
    .option('--python <path>', 'what runs them; python3 where left out')
    .option('--json <file>', 'also writes the results there')

export function addTrainSpeed(command: Command, caller: string): void {
  speedCommand(command, 'train-speed', 'tokens/s of training steps: loss, gradient and AdamW').action(
    async (raw: RawSpeedOptions) => {
      const options = readSpeedOptions(raw, caller)
      const { trainSpeed } = await import('./train-speed')
      process.exitCode = await trainSpeed(options)
    },
  )
}

export function addReadSpeed(command: Command, caller: string): void {
  speedCommand(
    command,
    'read-speed',
    'tokens/s of reading and decoding, learning on the way where the system learns',
  )
    .option('--only <work>', 'reading or decoding; both where left out')
    .option('--positions', 'CPU time per token and bytes of state against the tokens read before, instead')
    .action(async (raw: RawSpeedOptions) => {
      const options = readSpeedOptions(raw, caller)
      const { readSpeed } = await import('./read-speed')
      const { positionSpeed } = await import('./positions')
      process.exitCode = await (raw.positions ? positionSpeed : readSpeed)(options)
    })
}
