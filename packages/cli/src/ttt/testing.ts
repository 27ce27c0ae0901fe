import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromSource } from '@ttt-e2e/from-source'

const sourceOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** `ttt` as a command line, from its source. */
export const tttCommand = [process.execPath, await fromSource(sourceOf('./main.ts'))]

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'ttt-'))

/** From where Node finds what it takes to run sources. */
export const packageFolder = sourceOf('../..')

/** Starts a process for someone who is in a folder, and gathers what it says. */
export function startProcess(
  [program, ...parameters]: string[],
  folder: string,
  env: NodeJS.ProcessEnv = {},
) {
  const child = spawn(program, parameters, {
    cwd: packageFolder,
    env: { ...process.env, INIT_CWD: folder, ...env },
  })
  const said = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.error += text))
  // Whoever is told to read nothing more goes before it has read all.
  child.stdin.on('error', () => {})
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, said, ended }
}

/** A server with the demo model. */
export async function startServer(
  ...parameters: string[]
): Promise<{ url: string; stop(): Promise<unknown> }> {
  const main = await fromSource(sourceOf('../../../../apps/serve/src/main.ts'))
  const command = [process.execPath, main, '--port', '0', ...parameters]
  const { child, said, ended } = startProcess(command, newFolder())
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /ready: (\S+)/.exec(said.out)?.[1]
      if (found) resolve(found)
    })
    child.on('close', () => reject(new Error(said.error)))
  })
  return { url, stop: () => (child.kill('SIGTERM'), ended) }
}
