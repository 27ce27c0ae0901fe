import { systems } from '@ttt-e2e/baselines'
import { asRank, formatList } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { engineNames, precisionsInWords } from '@ttt-e2e/tensor-ops'
import type { Command } from 'commander'
import { taskNames } from '../tasks'
import { readOptions, type RawOptions } from './options'
import { presetNames, presets } from './presets'
import { probeSizes } from './probe-sizes'

/** What the bench does where no command is named: the experiment. @param caller the folder that the caller works in */
export function addExperiment(command: Command, caller: string): void {
  command
    .enablePositionalOptions()
    .description(
      'Trains TTT-E2E and the systems around it, reads with them and reports loss and time against context.',
    )
    .option(
      '--systems <names>',
      'systems to compare, separated by commas, or all; the first six below where left out',
    )
    .option('--preset <name>', 'sizes and steps; default where nothing is said')
    .option(
      '--only <names>',
      `these probes alone, separated by commas: ${Object.keys(probeSizes).join(', ')}`,
    )
    .option('--task <name>', `one task only: ${taskNames.join(', ')}`)
    .option(
      '--data <path>',
      'your own text as the only task: a file or a folder of text, .jsonl, .ndjson, .json (each also .gz or .zst) and .parquet',
    )
    .option(
      '--text-field <name>',
      'the field or column that holds the text in files of many documents; text where left out',
    )
    .option(
      '--seeds <number>',
      'train each system with this many seeds, for paired 95 % intervals over documents and seeds',
    )
    .option(
      '--first-seed <number>',
      'the first of these seeds, 0 where left out: other machines can train others, and merge makes one report of all',
    )
    .option('--engine <name>', `auto, ${engineNames().join(', ')}`, 'auto')
    .option('--precision <name>', `of products of matrices, whose sums are f32: ${precisionsInWords()}`)
    .option('--threads <number>', 'threads of the engine, shared by the workers; all cores where left out')
    .option(
      '--workers <number>',
      'runs that are trained and read with side by side, each in a process of its own with its share of the threads; ' +
        'one for each thread, as far as memory goes, where left out',
    )
    .option('--out <folder>', 'what is trained and the report; runs/bench-<preset> where left out')
    .option(
      '--model <path>',
      'read without training: with what an earlier run stored there, or with any model (a folder of ours or of Hugging ' +
        "Face's, a GGUF file, the authors' checkpoint); with --data your own text",
    )
    .option('--expand', "makes such a model's weights float32, where they would stay quantised")
    .option(
      '--probe <module>',
      'also measure what this module exports as its default, a probe of your own; may be given again',
      (path: string, before: string[] = []) => [...before, path],
    )
    .option(
      '--set <path=value>',
      "changes the task's recipe, e.g. size.window=16 or data.successors=3, for all systems alike; may be given again",
      (setting: string, before: string[] = []) => [...before, setting],
    )
    .addHelpText(
      'after',
      `
Systems:
${formatList(Object.entries(systems).map(([name, { summary }]) => [name, summary]))}

Presets:
${formatList(presetNames.map((name) => [name, presets[name].summary]))}

Probes, and the presets that ask them:
${formatList(Object.entries(probeSizes).map(([name, sizes]) => [name, Object.keys(sizes).join(', ')]))}

Examples, each after \`pnpm --filter bench start\`:
  (nothing)                                 both tasks, TTT-E2E and its controls
  --preset quick                            a first look
  --systems ttt-e2e,swa --task books        two systems on one task
  --data my-book.txt                        trains on your text, measures on its held-out part
  --model runs/bench-default --data my-book.txt
                                            reads your text with what was trained before
  --model SmolLM2.gguf --set evaluation.length=2048
                                            a model of yours: its loss by index, its speed, what remains
  --seeds 3                                 intervals over documents and seeds
  --task languages --set size.vocabularySize=64 --set size.window=16 --set size.chunk=16
                                            languages of another size
  --only latency --systems all              one thing of all systems, without training them
  stream --bytes 10000000                   reads a text of 10 MB over HTTP: speed and memory
  compare runs/a runs/b                     what differs between two runs, with intervals
  --first-seed 1 --seeds 2 --out runs/b     two more seeds, here or on another machine
  merge runs/a runs/b --out runs/all        one report of what several runs measured
  history                                   speeds of this machine over commits
  rates --systems swa                       sweeps a system's peak rate, for the presets to take
  conform ../golden                         checks the numbers against golden cases
  systems --size books,125m                 what each system takes, from the shapes
  train-speed --size S                      tokens/s of training steps

Started by mpirun, the processes share out the runs, on machines that share the folder of --out:
mpirun -n 4 pnpm --filter bench start …; what is timed by itself is timed by the first one while the others wait.

A run that was stopped goes on where it was when the same command is given again; what was measured at this commit is kept,
too. Exit codes: 0 done, 1 a worker was killed or ran out of memory, 2 a request that can't be met, 130 stopped by
Ctrl-C with everything measured so far kept.`,
    )
    .action(async (raw: RawOptions) => {
      process.exitCode = await asRank(async (rank) => {
        const options = readOptions(raw, caller)
        const { bench } = await import('./bench')
        return await bench(options, caller, rank)
      })
    })
}
