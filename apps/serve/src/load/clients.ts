import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { defaultLimits } from '../limits'
import type { Finding } from './finding'
import type { LoadServer } from './load-server'

export interface ClientsOptions {
  clients: number
  seconds: number
}

const documented = [200, 429, 503]

/** Many clients that ask again and again, and wait as they are told to: what they get, how long they wait, what is left. */
export async function measureClients(
  server: LoadServer,
  { clients, seconds }: ClientsOptions,
): Promise<Finding[]> {
  await server.complete({ prompt: 'It is' }, 4)
  const before = server.use()
  const statuses = new Map<number, number>()
  const waits: number[] = []
  const end = performance.now() + 1000 * seconds
  const client = async (seed: number) => {
    while (performance.now() < end) {
      const start = performance.now()
      const request = { prompt: `Client ${seed} asks: `, max_tokens: 8, seed, ignore_eos: true }
      const answer = await server.post('/v1/completions', request)
      await answer.arrayBuffer()
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (answer.status === 200) waits.push((performance.now() - start) / 1000)
      else await wait(1000 * Number(answer.headers.get('retry-after') ?? 1))
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, seed) => client(seed)))
  const after = server.use()
  const { parallel, queue } = defaultLimits
  // A request that is let in last has those before it for the time that each of them takes.
  const share = ((parallel + queue) * seconds) / waits.length
  const longest = waits.reduce((most, each) => Math.max(most, each), 0)
  const others = [...statuses].filter(([status]) => !documented.includes(status))
  return [
    ...[...statuses].map(([status, value]) => ({ what: `answers ${status}`, value, unit: 'requests' })),
    {
      what: `answers but ${documented.join(', ')}`,
      value: others.reduce((sum, [, count]) => sum + count, 0),
      unit: 'requests',
      aim: { most: 0 },
    },
    { what: 'longest wait', value: longest, unit: 's' },
    { what: 'longest wait as its share', value: longest / share, unit: '×', aim: { most: 3 } },
    { what: 'resident memory before', value: before.megabytes, unit: 'MB' },
    { what: 'resident memory after', value: after.megabytes, unit: 'MB' },
    { what: 'handles but those of clients before', value: before.handles, unit: 'handles' },
    { what: 'handles after, idle connections of clients included', value: after.handles, unit: 'handles' },
  ]
}
