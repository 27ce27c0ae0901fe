import { abortOnSignals, callersFolder, heedSignals, interruptedExitCode, runCommand } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { engineNames, precisionsInWords } from '@ttt-e2e/tensor-ops'
import { Command } from 'commander'
import { resolve } from 'node:path'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { logLevels } from './operating/log'
import { readConfig } from './operating/read-config'
import { readOptions } from './options'
import { hashOf, newKey } from './tenants/keys'

/** Streams may go on for so long after the first Ctrl-C or TERM. */
const graceSeconds = 10

const command = new Command('pnpm --filter serve start')
  .description('Serves a model that learns while it reads, with memories that can be saved and forked.')
  .option(
    '--model <folder>',
    'a model folder, a checkpoint or a run of the trainer; the demo model where left out',
  )
  .option(
    '--host <address>',
    'where to listen; others than this machine reach the server only if you say so',
    'localhost',
  )
  .option('--port <number>', '0 for any that is free', '8080')
  .option('--api-key <key>', 'asked of every request but /health; better in the environment: TTT_E2E_API_KEY')
  .option(
    '--allow-host <names...>',
    'names that requests may call the server by, besides localhost; * for any',
  )
  .option(
    '--allow-origin <origins...>',
    'sites whose pages may use the server, as https://example.org; * for any',
  )
  .option('--engine <name>', `auto, ${engineNames().join(', ')}`, 'auto')
  .option('--precision <name>', `of products of matrices, whose sums are f32: ${precisionsInWords()}`)
  .option('--threads <number>', 'threads of the engine; all cores where left out')
  .option('--expand', 'makes the weights of a GGUF file float32, where they would stay quantised')
  .option(
    '--decay <share>',
    'of the way back to its start that each inner step goes, e.g. 0.001: damage heals, and what was read fades',
  )
  .option('--config <file>', 'options as JSON, {"port": 8080}; those given here come first')
  .option('--keys <file>', 'keys of tenants, with limits of their own; read again at HUP')
  .option('--memories <folder>', 'keeps memories there over restarts')
  .option('--store <place>', 'the same, or one for several servers: redis://host:port or s3://bucket/prefix')
  .option('--parallel <number>', 'requests that take turns at the model')
  .option(
    '--deterministic',
    'reads and decodes for each request by itself, so that what others ask changes no rounding',
  )
  .option('--queue <number>', 'requests that wait for a turn; further ones get 429')
  .option('--max-tokens <number>', 'tokens of one completion')
  .option('--max-body <size>', 'bytes of a JSON body, as 4M')
  .option('--max-text <size>', 'bytes of a text that is streamed into a memory')
  .option('--max-memories <number>', 'memories held')
  .option('--max-memory-bytes <size>', 'bytes of all memories together')
  .option('--max-ram <size>', 'bytes of memories at hand where a store keeps them; others come back from it')
  .option('--max-disk <size>', 'bytes of the store, after which what was used longest ago makes room')
  .option('--log-level <level>', `what goes to stderr: ${logLevels.join(', ')}`, 'warn')
  .option('--log-prompts', 'writes what is asked into the log, too')
  .addHelpText(
    'after',
    `
Examples:
  pnpm --filter serve start --model runs/tiny-books
  curl localhost:8080/v1/memories -H 'Content-Type: text/plain' -H 'Accept: application/x-ndjson' -T book.txt -X POST
  curl localhost:8080/v1/completions --json '{"memory": "mem_…", "prompt": "And then", "max_tokens": 64}'

/openapi.json describes every route. Ctrl-C or TERM lets what runs finish for ${counted(graceSeconds, 'second')}; a second one quits at once.`,
  )
  .action(async (_: unknown, command: Command) => {
    const options = readOptions(optionsOf(command), callersFolder())
    const print = (line: string) => void process.stdout.write(`${line}\n`)
    const { serve } = await import('./serve')
    const running = await serve(options, print)
    print(`ready: ${running.url}`)
    // Told to end is what a server's end is; Ctrl-C and a terminal that closes are interruptions in every app.
    let exitCode = 0
    const { reloadKeys } = running
    if (reloadKeys) heedSignals(['SIGHUP'], reloadKeys)
    const interruptions = reloadKeys ? (['SIGINT'] as const) : (['SIGINT', 'SIGHUP'] as const)
    for (const signal of interruptions) process.once(signal, () => (exitCode = interruptedExitCode))
    await new Promise<void>((resolve) => void abortOnSignals(resolve, [...interruptions, 'SIGTERM']))
    await running.close(graceSeconds)
    process.exit(exitCode)
  })

command
  .command('new-key')
  .description('makes a key for a file of keys: prints it once, and the hash that the file has of it')
  .action(() => {
    const key = newKey()
    process.stdout.write(`${JSON.stringify({ key, sha256: hashOf(key).toString('hex') }, null, 2)}\n`)
  })

command
  .command('doctor')
  .description('checks what a server with these options needs, and says what is missing')
  .action(async () => {
    const { doctor } = await import('./operating/doctor')
    process.exitCode = await doctor(readOptions(optionsOf(command), callersFolder()), (line) =>
      process.stdout.write(`${line}\n`),
    )
  })

/** What was asked for here, or else in the file that `--config` names, or else as it is usual. */
function optionsOf(asked: Command): Record<string, unknown> {
  const options = asked.opts<Record<string, unknown>>()
  const { config, ...rest } = options
  if (config === undefined) return rest
  const known = asked.options.map((option) => option.attributeName())
  const given = Object.entries(rest).filter(([name]) => asked.getOptionValueSource(name) !== 'default')
  return {
    ...rest,
    ...readConfig(resolve(callersFolder(), String(config)), known),
    ...Object.fromEntries(given),
  }
}

await runCommand(command)
