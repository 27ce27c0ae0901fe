import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, resolve } from 'node:path'
import { callersFolder, oneOf, openOutputFolder, runCommand, wholeNumber } from '@ttt-e2e/cli'
import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { Command } from 'commander'
import { measureClients } from './clients'
import { describeFinding, isReached, type Finding } from './finding'
import { measureKeptMemory } from './kept-memory'
import { LoadServer } from './load-server'
import { measureLongText } from './long-text'
import { modelNames, modelOf } from './model-of'
import { measureSmallRequests } from './small-requests'
import { measureThroughput } from './throughput'

interface Options {
  model: (typeof modelNames)[number]
  folder: string
  engine: string
  /** A whole number of an option. */
  count(name: string): number
}

const withServer = async (
  { folder, engine }: Options,
  measure: (server: LoadServer) => Promise<Finding[]>,
): Promise<Finding[]> => {
  const server = await LoadServer.start('--model', folder, '--engine', engine)
  try {
    return await measure(server)
  } finally {
    await server.stop()
  }
}

const measures = {
  throughput: (options: Options) =>
    withServer(options, (server) =>
      measureThroughput(server, {
        rows: 16,
        texts: 8,
        tokens: options.count('tokens'),
        textBytes: options.count('bytes'),
        answers: options.count('answers'),
        longBytes: 10_000_000,
        turns: options.count('turns'),
        aim: options.model === 'demo' ? 4 : 6,
      }),
    ),
  clients: (options: Options) =>
    withServer(options, (server) =>
      measureClients(server, { clients: options.count('clients'), seconds: options.count('seconds') }),
    ),
  long: (options: Options) =>
    withServer(options, (server) =>
      measureLongText(server, {
        tokens: options.count('read'),
        every: Math.ceil(options.count('read') / 10),
      }),
    ),
  small: (options: Options) =>
    withServer(options, (server) =>
      measureSmallRequests(server, { requests: options.count('requests'), clients: 8 }),
    ),
  kept: (options: Options) =>
    measureKeptMemory({
      model: options.folder,
      tokens: options.count('kept'),
      parameters: ['--engine', options.engine],
    }),
}
const names = Object.keys(measures) as (keyof typeof measures)[]

const command = new Command('pnpm --filter serve load')
  .description('what a server does under load, over HTTP; it runs beside its clients on this machine')
  .option('--only <name>', `one of ${names.join(', ')}; all where left out`)
  .option('--model <name>', `one of ${modelNames.join(', ')}`, 'demo')
  .option('--engine <name>', "as the server's", 'auto')
  .option('--tokens <number>', 'throughput: that each memory generates', '256')
  .option('--bytes <number>', 'throughput: of each text that is read', '8192')
  .option('--answers <number>', 'throughput: short answers, alone and beside a long text', '100')
  .option('--turns <number>', 'throughput: of each measure; their median counts', '3')
  .option('--clients <number>', 'clients: at the same time', '1000')
  .option('--seconds <number>', 'clients: how long they ask', '120')
  .option('--read <number>', 'long: tokens read into one memory', '10000000')
  .option('--requests <number>', 'small: how many', '100000')
  .option('--kept <number>', 'kept: tokens of the memory that is saved and forked', '1000000')
  .option('--out <file>', 'writes what was found there too, as JSON')
  .action(async ({ only, out, ...given }: Record<string, string>) => {
    const file = out && resolve(callersFolder(), out)
    if (file) openOutputFolder(dirname(file))
    const model = oneOf('model', given.model, modelNames)!
    const options: Options = {
      model,
      folder: await modelOf(model),
      engine: given.engine,
      count: (name) => wholeNumber(name, given[name], 1e9)!,
    }
    const load = () => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).map(Number)
    process.stdout.write(`${cpus().length} × ${cpus()[0].model}; ${model}; load ${load().join(' ')}\n`)
    const all: Record<string, object> = {}
    for (const name of only ? [oneOf('only', only, names)!] : names) {
      const findings = await measures[name](options)
      for (const finding of findings) process.stdout.write(`${name}: ${describeFinding(finding)}\n`)
      all[name] = findings.map((finding) => ({ ...finding, reached: isReached(finding) }))
      process.stdout.write(`load ${load().join(' ')}\n`)
    }
    if (file) writeFileDurably(file, `${JSON.stringify(all, null, 2)}\n`)
  })

await runCommand(command)
