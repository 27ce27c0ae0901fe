import { createServer, type Server } from 'node:http'
import { UserError } from '@ttt-e2e/cli'
import { createAdaptorServer } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'

/** Slow enough for any client, fast enough that those who only hold connections open don't hold all of them. */
const headersMilliseconds = 30_000

/** @throws UserError if the address can't be had */
export async function listen(
  app: OpenAPIHono,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server
  // A text may arrive for hours; bodies that stand still are given up where they are read.
  server.requestTimeout = 0
  server.headersTimeout = headersMilliseconds
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(
          `can't listen on ${host} port ${port} (${error.code}); choose others with --host and --port`,
        ),
      ),
    )
    server.listen(port, host, resolve)
  })
  return server
}

/** Whether an address is only reached from this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)
