import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { UserError } from '@ttt-e2e/cli'

export interface Server {
  url: string
  /** What it said while it started: its engine and its model. */
  said: string
  stop(): Promise<void>
}

const serve = fileURLToPath(new URL('../../../serve/', import.meta.url))

/** Starts the server of `apps/serve` in a process of its own. @throws UserError with its sentence if it doesn't start */
export async function startServer(model: string | undefined, options: { engine: string }): Promise<Server> {
  const parameters = ['--port', '0', '--engine', options.engine, ...(model ? ['--model', model] : [])]
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', 'src/main.ts', ...parameters],
    { cwd: serve, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  let said = ''
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /^ready: (\S+)$/m.exec(said)
      if (found) resolve(found[1])
    })
    void ended.then(() => reject(new UserError(complaint.trim() || 'the server ended before it was ready')))
  })
  return {
    url,
    said: said.replace(/^ready: .*\n/m, '').trim(),
    stop() {
      child.kill()
      return ended
    },
  }
}
