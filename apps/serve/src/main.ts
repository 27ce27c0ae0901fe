import { abortOnSignals, callersFolder, interruptedExitCode, runCommand } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { engineNames } from '@ttt-e2e/tensor-ops'
import { Command } from 'commander'
import { readOptions } from './options'

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
  .option(
    '--precision <name>',
    `of products of matrices: f32, or bf16 with sums in f32 (${engineNames('bf16').join(', ')} only)`,
  )
  .option('--threads <number>', 'threads of the engine; all cores where left out')
  .option('--memories <folder>', 'keeps memories there over restarts')
  .option('--parallel <number>', 'requests that take turns at the model')
  .option('--queue <number>', 'requests that wait for a turn; further ones get 429')
  .option('--max-tokens <number>', 'tokens of one completion')
  .option('--max-body <size>', 'bytes of a JSON body, as 4M')
  .option('--max-text <size>', 'bytes of a text that is streamed into a memory')
  .option('--max-memories <number>', 'memories held')
  .option('--max-memory-bytes <size>', 'bytes of all memories together')
  .addHelpText(
    'after',
    `
Examples:
  pnpm --filter serve start --model runs/tiny-books
  curl localhost:8080/v1/memories -H 'Content-Type: text/plain' -H 'Accept: application/x-ndjson' -T book.txt -X POST
  curl localhost:8080/v1/completions --json '{"memory": "mem_…", "prompt": "And then", "max_tokens": 64}'

/openapi.json describes every route. Ctrl-C or TERM lets what runs finish for ${graceSeconds} seconds; a second one quits at once.`,
  )
  .action(async (raw: Record<string, unknown>) => {
    const options = readOptions(raw, callersFolder())
    const print = (line: string) => void process.stdout.write(`${line}\n`)
    const { serve } = await import('./serve')
    const running = await serve(options, print)
    print(`ready: ${running.url}`)
    // Told to end is what a server's end is; Ctrl-C and a terminal that closes are interruptions in every app.
    let exitCode = 0
    for (const signal of ['SIGINT', 'SIGHUP'] as const)
      process.once(signal, () => (exitCode = interruptedExitCode))
    await new Promise<void>((resolve) => void abortOnSignals(resolve))
    await running.close(graceSeconds)
    process.exit(exitCode)
  })

await runCommand(command)
