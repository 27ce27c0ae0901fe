import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fromSource } from '@ttt-e2e/from-source'

/** Runs a TypeScript file of this folder in a process of its own, from the sources. */
export async function startChild(file: string, ...parameters: string[]): Promise<ChildProcess> {
  const script = await fromSource(join(import.meta.dirname, file))
  return spawn(process.execPath, [script, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** @returns what it printed @throws if it ended otherwise than with 0 */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout!.on('data', (data) => (output += String(data)))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`the child process ended with ${String(code)}`)
  return output
}
