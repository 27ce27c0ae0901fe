import type { Command } from 'commander'
import { defaultSpeedSizes, defaultSpeedSystems, speedSizeNames } from '../presets'
import { readSpeedOptions, type RawSpeedOptions } from './options'

/** Adds the commands that measure speed to the bench's. @param caller the folder that the caller works in */
export function addSpeedCommands(command: Command, caller: string): void {
  const speedCommand = (name: string, summary: string) =>
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
      .option('--precision <name>', 'of the matrix products: f32')
      .option('--peers <folder>', 'Python scripts that measure other implementations: run in turn with ours')
      .option('--python <path>', 'what runs them; python3 where left out')
      .option('--json <file>', 'also writes the results there')

  speedCommand('train-speed', 'tokens/s of training steps: loss, gradient and AdamW').action(
    async (raw: RawSpeedOptions) => {
      const options = readSpeedOptions(raw, caller)
      const { trainSpeed } = await import('./train-speed')
      process.exitCode = await trainSpeed(options)
    },
  )

  speedCommand(
    'read-speed',
    'tokens/s of reading and decoding, learning on the way where the system learns',
  ).action(async (raw: RawSpeedOptions) => {
    const options = readSpeedOptions(raw, caller)
    const { readSpeed } = await import('./read-speed')
    process.exitCode = await readSpeed(options)
  })
}
