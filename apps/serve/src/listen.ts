import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '@ttt-e2e/cli'
import { createAdaptorServer } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'

/** Slow enough for any client, fast enough that those who only hold connections open don't hold all of them. */
const headersMilliseconds = 30_000

/** Longer than clients and proxies keep idle connections, so that it is they who close them, never while they send. */
const keepAliveMilliseconds = 90_000

/** What listens, at one port of one address or of several. */
export interface Listening {
  port: number
  /** An address that a browser on this machine can open. */
  url: string
  /** Takes no more connections, and closes those that nothing happens on. @returns when all are closed */
  close(): Promise<void>
  /** Closes connections whatever happens on them. */
  cutOff(): void
}

/** `localhost` is both of this machine's own addresses: clients try either first. */
const addressesOf = (host: string): string[] => (host === 'localhost' ? ['127.0.0.1', '::1'] : [host])

/** Errors of an address that this machine doesn't have. */
const missing = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** @throws UserError if the address can't be had */
export async function listen(
  app: OpenAPIHono,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const servers = await listenAt(app, addressesOf(host), port)
  const bound = (servers[0].address() as AddressInfo).port
  return {
    port: bound,
    url: `http://${openable(host)}:${bound}`,
    async close() {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise((resolve) => server.close(resolve))
          server.closeIdleConnections()
          return closed
        }),
      )
    },
    cutOff: () => servers.forEach((server) => server.closeAllConnections()),
  }
}

/** Listens at one port of all addresses that there are. */
async function listenAt(app: OpenAPIHono, addresses: string[], port: number): Promise<Server[]> {
  // A port that is free at one address may be taken at another; any that is free will be found.
  for (let tries = port === 0 ? 10 : 1; ; tries--) {
    const servers: Server[] = []
    let failed: NodeJS.ErrnoException | undefined
    for (const address of addresses) {
      const at = servers.length > 0 ? (servers[0].address() as AddressInfo).port : port
      try {
        servers.push(await listenOne(app, address, at))
      } catch (error) {
        failed = error as NodeJS.ErrnoException
        if (!missing.has(failed.code ?? '')) break
      }
    }
    if (servers.length > 0 && (!failed || missing.has(failed.code ?? ''))) return servers
    for (const server of servers) server.close()
    if (tries > 1 && failed?.code === 'EADDRINUSE') continue
    throw new UserError(
      `can't listen on ${addresses[servers.length]} port ${port} (${failed?.code}); choose others with --host and --port`,
    )
  }
}

async function listenOne(app: OpenAPIHono, host: string, port: number): Promise<Server> {
  const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server
  // A text may arrive for hours; bodies that stand still are given up where they are read.
  server.requestTimeout = 0
  server.headersTimeout = headersMilliseconds
  server.keepAliveTimeout = keepAliveMilliseconds
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return server
}

/** A host as it stands in an address; one that stands for all of a machine's is none to be opened. */
function openable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (/^[0:]+$/.test(host)) return '[::1]'
  return host.includes(':') ? `[${host.replace('%', '%25')}]` : host
}

/** Whether an address is only reached from this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)
