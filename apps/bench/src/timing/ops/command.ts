import { precisionsInWords } from '@ttt-e2e/tensor-ops'
import type { Command } from 'commander'
import { readSpeedOptions, type RawSpeedOptions } from '../options'
import { defaultSpeedSystems, speedSizeNames } from '../sizes'
import type { RawOpsOptions } from './options'

export function addOps(command: Command, caller: string): void {
  command
    .command('ops')
    .description(
      'GFLOP/s or GB/s of every fused op and of its gradients, against its reference; and of products',
    )
    .option('--size <names>', `of ${speedSizeNames.join(', ')}; S,M where left out`)
    .option('--ops <names>', 'only these; product for products of matrices')
    .option('--reps <number>', 'timed runs of each; 5 where left out')
    .option('--engine <names>', 'the engines to run them on, separated by commas', 'auto')
    .option('--precision <name>', `of products of matrices: ${precisionsInWords()}`)
    .option('--threads <number>', 'threads of the engine; all cores where left out')
    .option('--json <file>', 'also writes the results there')
    .option('--fallbacks', "lists the kernels of a training step that are not the engine's own, instead")
    .option(
      '--tune',
      "chooses the sizes of tiles of webgpu's kernels for this adapter and keeps them, instead",
    )
    .option('--minutes <number>', 'with --tune: after so many no other sizes are tried')
    .option('--systems <names>', `whose training steps; ${defaultSpeedSystems.join(',')} where left out`)
    .action(async (raw: RawOpsOptions & RawSpeedOptions & { fallbacks?: boolean; tune?: boolean }) => {
      if (raw.fallbacks) {
        const { listFallbacks } = await import('./fallbacks')
        process.exitCode = await listFallbacks(readSpeedOptions(raw, caller))
        return
      }
      const { readOpsOptions } = await import('./options')
      const options = readOpsOptions(raw, caller)
      if (raw.tune) {
        const { tuneTiles } = await import('./tune')
        process.exitCode = await tuneTiles(options)
        return
      }
      const { opsSpeed } = await import('./ops-speed')
      process.exitCode = await opsSpeed(options)
    })
}
