import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { Command } from 'commander'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { shareOf, wholeNumber } from '../read-options'
import { ask } from './commands/ask'
import { chat } from './commands/chat'
import { list } from './commands/list'
import { exportMemory, importMemory } from './commands/move'
import { read } from './commands/read'
import type { Memories } from './memories'
import { openMemories } from './open-memories'
import { openOutput, tell, type Output } from './output'

interface Options {
  server?: string
  apiKey?: string
  memories?: string
  model?: string
  engine?: string
  threads?: string
  decay?: string
  json?: boolean
  save?: string
  into?: string
  learn?: boolean
  maxTokens?: string
  temperature?: string
  seed?: string
  goOn?: boolean
  update?: boolean
}

const examples = `
Examples:
  ttt read book.txt --save moby                reads a book, and learns on the way
  ttt ask moby "What does the captain want?"   asks what has read it
  ttt ask moby "Call me" --go-on | head -3     goes on with a text
  ttt chat moby                                talks with it
  cat more.txt | ttt read - --into moby        reads on
  ttt ls --server localhost:8080               the same of a server (or TTT_SERVER)

Without a server the model runs in this process, and memories are files of a folder. Answers go to stdout, all else to
stderr. Exit codes: 0, 2 for what can't be done, 130 for what Ctrl-C ended.`

/** Gives a program the commands of `ttt`. */
export function command(program: Command): Command {
  program
    .description('Reads texts into memories, with a model that learns while it reads, and asks them.')
    .addHelpText('after', examples)

  add(program, 'read <file>', 'reads a text (- for stdin) into a memory')
    .option('--save <name>', 'makes a new memory of it')
    .option('--into <name>', 'reads on in one that is there')
    .option('--no-learn', 'only reads: its weights stay as they are')
    .action((file: string, options: Options) =>
      run(options, (memories, output) =>
        read(memories, file, { target: targetOf(options), learn: options.learn ?? true }, output),
      ),
    )
  answering(add(program, 'ask <memory> <text>', 'asks a memory, which stays as it is'))
    .option('--go-on', 'goes on with the text, rather than answer it')
    .option('--update', 'lets the memory have read the question and the answer')
    .action((name: string, text: string, options: Options) =>
      run(options, (memories, output) => {
        const { goOn = false, update = false } = options
        return ask(memories, name, text, { ...answerOf(options), goOn, update }, output)
      }),
    )
  answering(add(program, 'chat <memory>', 'talks with a memory, which stays as it is', false)).action(
    (name: string, options: Options) =>
      run(options, (memories, output) => chat(memories, name, answerOf(options), output)),
  )
  add(program, 'ls', 'lists memories').action((options: Options) => run(options, list))
  add(program, 'fork <memory> <name>', 'makes another of the same; neither changes the other').action(
    (name: string, as: string, options: Options) =>
      run(options, async (memories, output) => {
        const facts = await memories.fork(name, as)
        tell(output, facts, `${as}: as ${name}, ${counted(facts.tokens, 'token')}`)
      }),
  )
  add(program, 'rm <memory>', 'forgets a memory; its forks stay').action((name: string, options: Options) =>
    run(options, async (memories, output) => {
      await memories.remove(name)
      tell(output, { memory: name, deleted: true }, `${name} is forgotten`)
    }),
  )
  add(program, 'export <memory> [file]', 'writes a memory to a file (- for stdout)').action(
    (name: string, file: string | undefined, options: Options) =>
      run(options, (memories, output) => exportMemory(memories, name, file, output)),
  )
  add(program, 'import <file>', 'takes in a file of export, from a server or another folder')
    .option('--save <name>', 'what to call it; as the file where left out')
    .action((file: string, options: Options) =>
      run(options, (memories, output) => importMemory(memories, file, options.save, output)),
    )
  return program
}

/** A command with the options that all have. */
function add(program: Command, name: string, description: string, json = true): Command {
  const added = program
    .command(name)
    .description(description)
    .option('--server <address>', 'a server, as localhost:8080; TTT_SERVER in the environment')
    .option('--api-key <key>', 'that it asks for; better in the environment: TTT_E2E_API_KEY')
    .option('--memories <folder>', 'without a server; TTT_MEMORIES, or ~/.ttt-e2e/memories')
    .option('--model <folder>', 'without a server: a model folder or GGUF file; TTT_MODEL, or the demo model')
    .option('--engine <name>', 'without a server: auto where left out')
    .option('--threads <number>', 'without a server: all cores where left out')
    .option(
      '--decay <share>',
      'without a server: of the way back to its start that each step of learning goes, e.g. 0.001',
    )
  return json ? added.option('--json', 'prints the result as JSON') : added
}

const answering = (command: Command): Command =>
  command
    .option('--max-tokens <number>', 'tokens of an answer at the most', '512')
    .option('--temperature <number>', '0 for the likeliest, 1 for the model’s own variety', '0.7')
    .option('--seed <number>', 'the same one gives the same answer')

async function run(
  options: Options,
  work: (memories: Memories, output: Output) => Promise<void>,
): Promise<void> {
  const output = openOutput(options.json ?? false)
  const threads = wholeNumber('threads', options.threads, 1024)
  const decay = shareOf('decay', options.decay)
  const { threads: _, decay: __, ...place } = options
  const say = (line: string) => output.progress.update(line)
  const given = { ...(threads !== undefined && { threads }), ...(decay !== undefined && { decay }) }
  await work(await openMemories({ ...place, ...given }, say), output)
}

function targetOf({ save, into }: Options): { save: string } | { into: string } {
  if (save !== undefined && into === undefined) return { save }
  if (into !== undefined && save === undefined) return { into }
  throw new UserError('say where the text goes: --save NAME makes a memory, --into NAME reads on in one')
}

function answerOf({ maxTokens, temperature = '0.7', seed }: Options) {
  const heat = Number(temperature)
  if (temperature.trim() === '' || !(heat >= 0 && heat <= 2))
    throw new UserError(`--temperature is '${temperature}'; it must be a number from 0 to 2`)
  if (seed !== undefined && !(/^\d+$/.test(seed) && Number(seed) < 2 ** 32))
    throw new UserError(`--seed is '${seed}'; it must be a whole number from 0 to ${2 ** 32 - 1}`)
  return {
    maxTokens: wholeNumber('max-tokens', maxTokens, 1_000_000)!,
    temperature: heat,
    ...(seed !== undefined && { seed: Number(seed) }),
  }
}
