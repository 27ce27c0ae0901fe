import { performance } from 'node:perf_hooks'
import type { Finding } from './finding'
import { whole, type LoadServer } from './load-server'

export interface SmallRequestsOptions {
  requests: number
  /** At the same time. */
  clients: number
}

/** Very many small requests of every kind that writes or asks: what is left of them, a tenth after the other. */
export async function measureSmallRequests(
  server: LoadServer,
  { requests, clients }: SmallRequestsOptions,
): Promise<Finding[]> {
  const run = async (count: number) => {
    const { id } = await server.remember('It was')
    const tenths: { after: number; megabytes: number }[] = []
    let next = 0
    const client = async () => {
      while (next < count) {
        const at = next++
        await ask(server, id, at)
        const after = at + 1
        if (after % Math.ceil(count / 10) === 0) tenths.push({ after, megabytes: server.use().megabytes })
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    await fetch(`${server.url}/v1/memories/${id}`, { method: 'DELETE' })
    return tenths
  }
  // Code is compiled and caches are filled first.
  await run(Math.ceil(requests / 10))
  const before = server.use()
  const start = performance.now()
  const tenths = await run(requests)
  const seconds = (performance.now() - start) / 1000
  const after = server.use()
  return [
    { what: 'requests', value: requests, unit: 'requests' },
    { what: 'rate', value: requests / seconds, unit: 'requests/s' },
    ...tenths.map(({ after, megabytes }) => ({
      what: `after ${after} requests, resident memory`,
      value: megabytes,
      unit: 'MB',
    })),
    { what: 'resident memory after a tenth of them', value: before.megabytes, unit: 'MB' },
    { what: 'resident memory after all', value: after.megabytes, unit: 'MB' },
    {
      what: 'resident memory after all beside a tenth',
      value: after.megabytes / before.megabytes,
      unit: '×',
      aim: { most: 1.1 },
    },
    {
      what: 'handles more than after a tenth',
      value: after.handles - before.handles,
      unit: 'handles',
      aim: { most: 4 },
    },
  ]
}

/** Mostly reads of what there is, a fork that is deleted again, and now and then a token. */
async function ask(server: LoadServer, id: string, at: number): Promise<void> {
  const kind = at % 10
  if (kind === 0) await server.complete({ prompt: 'a', memory: id }, 1)
  else if (kind === 1) {
    const fork = await whole<{ id: string }>(await server.post(`/v1/memories/${id}/fork`, {}))
    await whole(await fetch(`${server.url}/v1/memories/${fork.id}`, { method: 'DELETE' }))
  } else if (kind < 5) await whole(await server.post('/tokenize', { prompt: 'a small text' }))
  else await whole(await fetch(`${server.url}/v1/memories/${id}`))
}
