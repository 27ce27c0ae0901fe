import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fromSource } from '@ttt-e2e/from-source'

/** A server in a process of its own, which can be killed. */
export interface ServeProcess {
  url: string
  child: ChildProcess
  /** What it has said on stderr. */
  said(): string
  /** kill −9; returns when it is gone. */
  kill(): Promise<void>
}

/** Starts `main.ts` at a free port. @throws what it says where it doesn't start */
export async function serveProcess(...parameters: string[]): Promise<ServeProcess> {
  const main = await fromSource(join(import.meta.dirname, 'main.ts'))
  const run = [main, '--engine', 'cpu', '--port', '0', ...parameters]
  const child = spawn(process.execPath, run, { cwd: join(import.meta.dirname, '..') })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const url = await new Promise<string>((resolve, reject) => {
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const found = /ready: (\S+)/.exec(out)?.[1]
      if (found) resolve(found)
    })
    child.once('close', () => reject(new Error(said)))
  })
  return {
    url,
    child,
    said: () => said,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
