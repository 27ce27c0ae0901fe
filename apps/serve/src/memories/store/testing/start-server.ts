import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { until } from '../../../testing'

/** A server of another program, for tests. */
export interface StartedServer {
  port: number
  child: ChildProcess
  stop(): Promise<void>
}

/**
 * A program of this machine, for tests of what talks to it.
 *
 * @param variable the environment's name for its path
 * @returns nothing where it isn't there, and the tests are to be skipped; in CI nothing is
 */
export function findProgram(name: string, variable: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  const found = [process.env[variable], ...folders].find((path) => path && canRun(path))
  if (!found && process.env.CI)
    throw new Error(`there is no ${name} on this machine; install it, or name it in ${variable}`)
  return found
}

/** Starts a program that listens at a port. @param parameters given the port */
export async function startServer(
  program: string,
  parameters: (port: number) => string[],
): Promise<StartedServer> {
  const port = await freePort()
  const child = spawn(program, parameters(port), { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await until(() => listens(port))
  return {
    port,
    child,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function listens(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch(
    (error: { cause?: { code?: string } }) => error,
  )
  return answer instanceof Response || answer.cause?.code !== 'ECONNREFUSED'
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
