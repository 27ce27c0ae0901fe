import type { Command } from 'commander'
import { defaultSpeedSizes, defaultSpeedSystems, speedSizeNames } from '../presets'
import type { RawOpsOptions } from './ops/options'
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
      .option('--precision <name>', 'of products of matrices: f32, or bf16 with sums in f32 (native only)')
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

  speedCommand('read-speed', 'tokens/s of reading and decoding, learning on the way where the system learns')
    .option('--positions', 'CPU time per token and bytes of state against the tokens read before, instead')
    .action(async (raw: RawSpeedOptions) => {
      const options = readSpeedOptions(raw, caller)
      const { readSpeed } = await import('./read-speed')
      const { positionSpeed } = await import('./positions')
      process.exitCode = await (raw.positions ? positionSpeed : readSpeed)(options)
    })

  command
    .command('ops')
    .description(
      'GFLOP/s or GB/s of every fused op and of its gradients, against its reference; and of products',
    )
    .option('--size <names>', `of ${speedSizeNames.join(', ')}; S,M where left out`)
    .option('--ops <names>', 'only these; product for products of matrices')
    .option('--reps <number>', 'timed runs of each; 5 where left out')
    .option('--engine <names>', 'the engines to run them on, separated by commas', 'auto')
    .option('--precision <name>', 'of products of matrices: f32 or bf16')
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .option('--json <file>', 'also writes the results there')
    .option('--fallbacks', "lists the kernels of a training step that are not the engine's own, instead")
    .option('--systems <names>', `whose training steps; ${defaultSpeedSystems.join(',')} where left out`)
    .action(async (raw: RawOpsOptions & RawSpeedOptions & { fallbacks?: boolean }) => {
      if (raw.fallbacks) {
        const { listFallbacks } = await import('./ops/fallbacks')
        process.exitCode = await listFallbacks(readSpeedOptions(raw, caller))
        return
      }
      const { readOpsOptions } = await import('./ops/options')
      const options = readOpsOptions(raw, caller)
      const { opsSpeed } = await import('./ops/ops-speed')
      process.exitCode = await opsSpeed(options)
    })
}
