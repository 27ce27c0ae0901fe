import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromSource } from '@ttt-e2e/from-source'

const main = await fromSource(join(import.meta.dirname, 'main.ts'))

/** Sizes at which plain JavaScript takes a step in milliseconds. */
export const microSettings = [
  'size.hiddenSize=8',
  'size.layers=2',
  'size.intermediateSize=16',
  'training.length=32',
  'training.batch=2',
  'evaluation.documents=2',
  'evaluation.length=64',
].flatMap((setting) => ['--set', setting])

/** Starts the trainer as the command line does, in `caller`'s folder. */
export const startTrainer = (caller: string, ...parameters: string[]): ChildProcess =>
  spawnTrainer(caller, parameters, ['ignore', 'pipe', 'pipe'])

/** The same with what its input and outputs are. */
export function spawnTrainer(caller: string, parameters: string[], stdio: StdioOptions): ChildProcess {
  return spawn(process.execPath, [main, ...parameters], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, INIT_CWD: caller },
    stdio,
  })
}

export interface Ended {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  child.stdout!.on('data', (data) => (text.stdout += String(data)))
  child.stderr!.on('data', (data) => (text.stderr += String(data)))
  return await new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, ...text })),
  )
}

/** What no two runs have in common. */
const ofTheMoment = {
  seconds: undefined,
  at: undefined,
  residentBytes: undefined,
  engineBytes: undefined,
  flopShare: undefined,
}

/** The lines of a run's metrics.jsonl without times and bytes of the machine. */
export function metricsOf(run: string): Record<string, unknown>[] {
  return readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ ...(JSON.parse(line) as object), ...ofTheMoment }))
}

/** Waits until a run has taken this many steps. */
export async function untilStep(run: string, steps: number): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n').length > steps) return
    } catch {
      // Not begun yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}
