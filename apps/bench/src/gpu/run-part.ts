import { interruptedExitCode } from '@ttt-e2e/cli'
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Speed } from '../timing/measurement'
import type { SpeedRecord } from '../timing/record'
import type { Outcome } from './outcome'
import type { Part } from './parts'

/** Variables of a part's process, unless the user has set them: products in f32 are that, and no peer takes all memory. */
const variables = {
  JAX_DEFAULT_MATMUL_PRECISION: 'float32',
  XLA_PYTHON_CLIENT_PREALLOCATE: 'false',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
}

/** How this process was started: a part is started in the same way. */
const self = () => [...process.execArgv, process.argv[1]]

/**
 * Runs a part in a process of its own, and stops it with all that it has started when its time is over.
 *
 * @param seconds that it may take
 * @param folder gets what it prints and writes
 */
export async function runPart(
  { name, command, writesJson }: Part,
  seconds: number,
  folder: string,
  program: readonly string[] = self(),
): Promise<Outcome> {
  const file = join(folder, name)
  const json = `${file}.json`
  rmSync(json, { force: true })
  const log = createWriteStream(`${file}.log`)
  const parameters = [...program, ...command, ...(writesJson ? ['--json', json] : [])]
  // A group of its own, so that the scripts that it runs end with it.
  const child = spawn(process.execPath, parameters, {
    env: { ...variables, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const printed = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text
      log.write(text)
    })
  let late = false
  const stop = () => {
    if (child.pid === undefined || child.exitCode !== null) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  const timer = setTimeout(() => {
    late = true
    stop()
  }, 1000 * seconds)
  const quit = () => process.exit(interruptedExitCode)
  process.once('exit', stop).once('SIGINT', quit).once('SIGTERM', quit)
  const end = await new Promise<number | string>((done) => {
    child.on('error', (error) => done(error.message))
    child.on('close', (code, signal) => done(code ?? signal!))
  })
  clearTimeout(timer)
  process.off('exit', stop).off('SIGINT', quit).off('SIGTERM', quit)
  log.end()
  await finished(log)
  if (late) return { name, skipped: `it was not done after ${seconds.toFixed(0)} s` }
  const record = recordIn(json)
  // What prints alone ends with 1 where it found something wrong, which it says.
  const said = end === 1 && !writesJson && !fault.test(printed.stderr)
  if (end !== 0 && !record?.rows.length && !said)
    return { name, skipped: lastLine(printed.stderr) || `it ended with ${end}` }
  if (!writesJson) return { name, printed: printed.stdout.trim() }
  return { name, record, remarks: printed.stdout.split('\n').filter((line) => aboutPeers.test(line)) }
}

const fault = /^\w*Error: /m
const aboutPeers = /^\S+\.py (was left out|failed at size)/

function recordIn(path: string): SpeedRecord<Speed> | undefined {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text === '' ? undefined : (JSON.parse(text) as SpeedRecord<Speed>)
}

/** An error's sentence: the last line, or of a fault the one above its stack. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const sentence = lines.findLast((line) => fault.test(line))
  return sentence ?? lines.at(-1) ?? ''
}
