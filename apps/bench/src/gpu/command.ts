import type { Command } from 'commander'
import { speedSizeNames } from '../timing/sizes'
import type { RawGpuOptions } from './options'

export function addGpu(command: Command, caller: string): void {
  command
    .command('gpu')
    .description(
      'everything that a graphics card is asked for: right or not, training, reading, decoding, beside peers',
    )
    .option('--out <folder>', 'gets results.json, results.md and what each part printed', 'gpu-results')
    .option('--engines <names>', 'engines to run on', 'webgpu,tensorflow')
    .option('--precisions <names>', 'of products of matrices', 'f32,f16')
    .option('--size <names>', `of ${speedSizeNames.join(', ')}`, '125m,1b')
    .option(
      '--systems <names>',
      'what is measured; the first is what the others stand beside',
      'ttt-e2e,full-attention',
    ) // prettier-ignore
    .option('--length <tokens>', "of a training sequence, and of what is read; the size's own where left out")
    .option(
      '--contexts <tokens>',
      'lengths of texts, each longer than the one before, read by the first size',
      '8192,16384,32768,65536,131072',
    ) // prettier-ignore
    .option('--reps <number>', 'timed runs of each', '3')
    .option('--peers <folder>', 'Python scripts that measure other implementations: run in turn with ours')
    .option('--python <path>', 'what runs them', 'python3')
    .option('--minutes <number>', 'after so many nothing more is begun, and what runs is stopped', '9')
    .option('--tune', "chooses webgpu's tiles for the card first, as `ops --tune` does")
    .option('--only <names>', 'of the parts, as results.md names them; results of others stay as they are')
    .action(async (raw: RawGpuOptions) => {
      const { readGpuOptions } = await import('./options')
      const options = readGpuOptions(raw, caller)
      const { measureGpu } = await import('./index')
      process.exitCode = await measureGpu(options)
    })
}
