import { asRank, callersFolder, formatList, runCommand } from '@ttt-e2e/cli'
import { resolve } from 'node:path'
import { systems } from '@ttt-e2e/baselines'
import '@ttt-e2e/kernels/engines'
import { engineNames, precisionsInWords } from '@ttt-e2e/tensor-ops'
import { recipes } from '@ttt-e2e/training'
import { Command } from 'commander'
import type { ConvertOptions } from './convert'
import { readOptions, type RawOptions } from './options'

const caller = callersFolder()

const collect = (value: string, before: string[]) => [...before, value]

const command = new Command('pnpm --filter trainer start')
  .enablePositionalOptions()
  .description('Trains a model by a recipe and keeps its checkpoints, metrics and recipe in a run folder.')
  .option('--recipe <name>', 'what to train: one of those below')
  .option('--system <name>', "the system to train, in place of the recipe's")
  .option(
    '--set <path=value>',
    'change a value of the recipe, e.g. training.batch=8; may be given again',
    collect,
    [],
  )
  .option(
    '--data <path>',
    'train on your own text: a file or a folder of text, .jsonl, .ndjson, .json (each also .gz or .zst) and .parquet; or on token arrays in zarr: a folder with train and val',
  )
  .option(
    '--text-field <name>',
    'the field or column that holds the text in files of many documents; text where left out',
  )
  .option('--out <folder>', 'the run folder; runs/<recipe> where left out')
  .option(
    '--resume [folder]',
    "go on with a run: this folder's, or the one that --recipe or --out stands for",
  )
  .option('--from <folder>', "begin with a stored model's weights, e.g. to extend the context")
  .option(
    '--init-from <model>',
    'begin with a pretrained transformer, a folder or a GGUF file: in windows, with prime MLPs (warmStart.… of the recipe)',
  )
  .option(
    '--on-nonfinite <what>',
    'where a loss is not finite: stop, skip its batch, or rollback to the last checkpoint and go on behind that batch',
    'stop',
  )
  .option('--engine <name>', `auto, ${engineNames().join(', ')}`, 'auto')
  .option(
    '--precision <name>',
    `of products of matrices, whose sums are f32: ${precisionsInWords()}; a run that goes on keeps its own`,
  )
  .option('--threads <number>', 'threads of the engine; all cores where left out')
  .option('--save-every <steps>', 'steps between two checkpoints; about every 30 seconds where left out')
  .option(
    '--spare <folder>',
    "where the run is saved if its own folder can't be written to any more, as on a full disk",
  )
  .option(
    '--memory <size>',
    'what the process should take at the most, e.g. 8GB: what fits is kept for the way back, the rest is computed again (engines that hold tensors in it: native, wasm, cpu)',
  )
  .option(
    '--deterministic',
    'walk each sequence by itself and sum in a fixed tree: 1, 2, 4, … ranks then compute the same bits',
  )
  .option('--dry-run', 'say what it would take here: parameters, memory, FLOPs and time')
  .option('--ranks <number>', 'with --dry-run: what a step would take on so many processes')
  .option('--link <GB/s>', 'with --ranks: what each can send to the others; 1 where left out')
  .option('--flops <rate>', 'with --dry-run, also the time on a machine of so many operations per second')
  .addHelpText(
    'after',
    `
Recipes:
${formatList([...recipes.values()].map(({ name, summary }) => [name, summary]))}

Systems:
${formatList(Object.entries(systems).flatMap(([name, system]) => ('weightsOf' in system ? [] : [[name, system.summary]])))}

Examples, each after \`pnpm --filter trainer start\`:
  --recipe tiny/books                       trains it in runs/tiny-books
  --recipe tiny/books --resume              goes on where it was stopped
  --recipe tiny/books --system swa          another system by the same recipe, in runs/tiny-books-swa
  --recipe tiny/books --data my-book.txt --set training.optimizer.schedule.steps=200
  --recipe tiny/books --set training.curriculum.shortest=128
                                            short sequences first, as many tokens a step
  --recipe tiny/books --data notes.jsonl --set data.rows=packed
                                            documents too short for a row of their own, several in each
  --recipe pretrained/books --init-from model.gguf
                                            a pretrained model learns to learn while it reads
  --recipe 125m/pretrain-8k --data dclm.zarr
                                            tokens of your own, in the order of the authors' loader by data.seed
  --recipe 125m/pretrain-8k --dry-run       what the published model would take here
  export runs/tiny-books my-model           the model alone, to ship and to serve
  convert model.gguf my-model               a pretrained model as a folder of ours; --format hugging-face as one of theirs
  runs                                      which runs there are, what they do and how far they are
  compare runs/tiny-books runs/tiny-books-swa --html beside.html

Started by mpirun, the processes share out every step's sequences and train one run: mpirun -n 4 pnpm --filter trainer start …

With another number of steps the warm-ups keep their share of them. A run folder has metrics.jsonl, a line for each step
and evaluation, the same as report.html and for TensorBoard (tensorboard --logdir runs), and its last two checkpoints; one process at a time trains in it, on the text that it began with, wherever that lies.
Exit codes: 0 done, 1 a loss that isn't finite, 2 a request that can't be met, by the disk either, 130 stopped by Ctrl-C,
TERM or the end of the terminal with everything saved.`,
  )
  .action(async (raw: RawOptions) => {
    process.exitCode = await asRank(async (rank) => {
      const options = readOptions(raw, caller)
      const { trainer } = await import('./trainer')
      return await trainer(options, caller, rank)
    })
  })

command
  .command('export <run> <folder>')
  .description("writes a run's model to a folder of its own, without what training needs to go on")
  .action(async (run: string, folder: string) => {
    const { exportModel } = await import('./export-model')
    await exportModel(resolve(caller, run), resolve(caller, folder))
  })

command
  .command('convert <from> <folder>')
  .description(
    "writes a model of any format that is known in another: folders of ours or of Hugging Face, GGUF files, the authors' checkpoints (Orbax)",
  )
  .option(
    '--format <name>',
    'ttt-e2e, our own folder, or hugging-face: config.json and safetensors',
    'ttt-e2e',
  )
  .option(
    '--recipe <name>',
    "what a checkpoint of the authors' is trained by; with its optimizer it becomes a run",
  )
  .option('--set <path=value>', 'change a value of that recipe; may be given again', collect, [])
  .option('--data <path>', 'what that run is trained on')
  .action(async (from: string, folder: string, options: ConvertOptions) => {
    const { convert } = await import('./convert')
    const data = options.data === undefined ? {} : { data: resolve(caller, options.data) }
    await convert(resolve(caller, from), resolve(caller, folder), { ...options, ...data })
  })

command
  .command('runs [folder]')
  .description(
    'the runs in a folder and below it, runs where left out: their states, steps, losses and speeds',
  )
  .action(async (folder?: string) => {
    const { printRuns } = await import('./runs/commands')
    printRuns(resolve(caller, folder ?? 'runs'))
  })

command
  .command('compare <a> <b>')
  .description('what differs between two run folders: settings, losses at the end and along the way, speed')
  .option('--html <file>', 'also writes it as a page, with the curves of both')
  .action(async (a: string, b: string, { html }: { html?: string }) => {
    const { printComparison } = await import('./runs/commands')
    await printComparison(resolve(caller, a), resolve(caller, b), html && resolve(caller, html))
  })

command
  .command('report <run>')
  .description("draws a run's report.html anew, from its metrics.jsonl")
  .action(async (run: string) => {
    const { writeRunReport } = await import('./report/write-run-report')
    process.stdout.write(`${await writeRunReport(resolve(caller, run))}\n`)
  })

await runCommand(command)
