import { callersFolder, runCommand } from '@ttt-e2e/cli'
import { Command } from 'commander'
import { oneOf, readOptions, wholeNumber, type RawOptions } from './options'
import { presetNames, presets } from './presets'
import { addSpeedCommands } from './speed/commands'
import { sizeNames } from './systems/sizes'
import { taskNames } from './tasks'
import { systems } from '@ttt-e2e/baselines'
import '@ttt-e2e/kernels/engines'
import { engineNames, precisions } from '@ttt-e2e/tensor-ops'
import type { MemoryOptions } from './memory'

const caller = callersFolder()

const list = (entries: [name: string, summary: string][]) =>
  entries.map(([name, summary]) => `  ${name.padEnd(24)}${summary}`).join('\n')

const command = new Command('pnpm --filter bench start')
  .enablePositionalOptions()
  .description(
    'Trains TTT-E2E and the systems around it, reads with them and reports loss and time against context.',
  )
  .option('--systems <names>', 'systems to compare, separated by commas; those below by default')
  .option('--preset <name>', 'sizes and steps; default where nothing is said')
  .option('--task <name>', `one task only: ${taskNames.join(', ')}`)
  .option(
    '--data <path>',
    'your own text as the only task: a file, a folder or .jsonl with a "text" in each line',
  )
  .option(
    '--seeds <number>',
    'train each system with this many seeds, for paired 95 % intervals over documents and seeds',
  )
  .option('--engine <name>', `auto, ${engineNames().join(', ')}`, 'auto')
  .option(
    '--precision <name>',
    `of products of matrices: f32, or bf16 with sums in f32 (${engineNames('bf16').join(', ')} only)`,
  )
  .option('--threads <number>', 'threads of the engine, shared by the workers; all cores where left out')
  .option(
    '--workers <number>',
    'runs that are trained and read with side by side, each in a process of its own with its share of the threads; ' +
      'one for each thread, as far as memory goes, where left out',
  )
  .option('--out <folder>', 'what is trained and the report; runs/bench-<preset> where left out')
  .option(
    '--model <folder>',
    'read with what an earlier run stored there, without training; with --data your own text',
  )
  .addHelpText(
    'after',
    `
Systems:
${list(Object.entries(systems).map(([name, { summary }]) => [name, summary]))}

Presets:
${list(presetNames.map((name) => [name, presets[name].summary]))}

Examples, each after \`pnpm --filter bench start\`:
  (nothing)                                 both tasks, TTT-E2E and its controls
  --preset quick                            a first look
  --systems ttt-e2e,swa --task books        two systems on one task
  --data my-book.txt                        trains on your text, measures on its held-out part
  --model runs/bench-default --data my-book.txt
                                            reads your text with what was trained before
  --seeds 3                                 intervals over documents and seeds
  stream --bytes 10000000                   reads a text of 10 MB over HTTP: speed and memory
  conform ../golden                         checks the numbers against golden cases
  systems --size books,125m                 what each system takes, from the shapes
  train-speed --size S                      tokens/s of training steps

A run that was stopped goes on where it was when the same command is given again; one that is complete is only read
with. Exit codes: 0 done, 1 a worker was killed or ran out of memory, 2 a request that can't be met, 130 stopped by
Ctrl-C with everything measured so far kept.`,
  )
  .action(async (raw: RawOptions) => {
    const options = readOptions(raw, caller)
    const { bench } = await import('./bench')
    process.exitCode = await bench(options, caller)
  })

command
  .command('conform <folder>')
  .description('runs the golden cases below a folder through the public packages')
  .option('--engine <name>', 'the engine to run them on', 'auto')
  .option('--kind <kind>', 'only cases of this kind')
  .action(async (folder: string, options: { engine: string; kind?: string }) => {
    const { resolve } = await import('node:path')
    const { runConform } = await import('./conform')
    process.exitCode = await runConform(resolve(caller, folder), options)
  })

command
  .command('systems')
  .description('what each system takes: parameters, bytes of state, floating-point operations per token')
  .option('--size <names>', `of ${sizeNames.join(', ')}`, 'books')
  .option('--systems <names>', 'separated by commas; all where left out')
  .action(async (options: { size: string; systems?: string }) => {
    const { printSystems } = await import('./systems')
    printSystems(options)
  })

command
  .command('memory <model>')
  .description('what a model trained on the books gains by learning while it reads those held out')
  .option(
    '--static <model>',
    'one of the same architecture and tokens, trained without learning, to set beside it',
  )
  .option('--kilobytes <n>', 'how far each book is read', (text) => wholeNumber('kilobytes', text, 1024), 16)
  .option('--engine <name>', 'the engine to run on', 'auto')
  .option('--precision <name>', 'f32 or bf16', (text) => oneOf('precision', text, precisions))
  .action(async (folder: string, options: MemoryOptions) => {
    const { resolve } = await import('node:path')
    const { memory } = await import('./memory')
    const still = options.static === undefined ? undefined : resolve(caller, options.static)
    await memory(resolve(caller, folder), { ...options, static: still })
  })

command
  .command('stream [model]')
  .description(
    'streams a long text into a memory of a server: tokens per second and what its process occupies',
  )
  .option('--bytes <n>', 'how long the text is', (text) => wholeNumber('bytes', text, 2 ** 30), 10_000_000)
  .option('--engine <name>', 'the engine that the server runs on', 'auto')
  .action(async (folder: string | undefined, options: { bytes: number; engine: string }) => {
    const { resolve } = await import('node:path')
    const { stream } = await import('./stream')
    await stream(folder === undefined ? undefined : resolve(caller, folder), options)
  })
addSpeedCommands(command, caller)

await runCommand(command)
