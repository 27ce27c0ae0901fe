import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of a request: it is answered, or it comes through and its answer is lost, or it never comes through. */
export type Fate = 'answered' | 'answer lost' | 'held'

/** Stands between an HTTP server of this machine and those who ask it at the port of this one. */
export async function standBetween(
  port: number,
  fateOf: (request: IncomingMessage) => Fate,
): Promise<{ port: number; close(): void }> {
  const server = createServer((asked, answer) => {
    const fate = fateOf(asked)
    if (fate === 'held') return void asked.resume()
    const { method, url: path, headers } = asked
    const passed = request({ port, host: '127.0.0.1', method, path, headers }, (answered) => {
      if (fate === 'answer lost') answered.resume().on('end', () => asked.socket.destroy())
      else answered.pipe(answer.writeHead(answered.statusCode!, answered.headers))
    })
    passed.on('error', () => asked.socket.destroy())
    asked.pipe(passed)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
