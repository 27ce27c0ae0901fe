import { setTimeout as wait } from 'node:timers/promises'
import { serveProcess } from '../serve-process'
import { until } from '../testing'
import { Writer } from './writer'

export interface KillOptions {
  model: string
  /** As `--store` has it. */
  store: string
  kills: number
  /** Servers that share the store; one of them is killed at a time. */
  replicas: number
  /** Clients that write at the same time, to each replica in turn. */
  writers: number
  random: () => number
  /** The longest time that a server has, from its first answered write on, before it is killed. */
  milliseconds: number
}

export interface KillReport {
  kills: number
  /** Writes that were answered. */
  answered: number
  /** What was not as it was answered. */
  wrong: string[]
}

/** Kills a server at random moments while clients write, and looks each time at what is there afterwards, on every replica. */
export async function killAtRandom(
  options: KillOptions,
  onKill: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  const { model, store, kills, replicas, random, milliseconds } = options
  const writers = Array.from({ length: options.writers }, () => new Writer(random))
  const report: KillReport = { kills: 0, answered: 0, wrong: [] }
  const start = () => serveProcess('--model', model, '--store', store, '--max-memories', '100000')
  const servers = await Promise.all(Array.from({ length: replicas }, start))
  const urls = () => servers.map(({ url }) => url)
  for (let i = 0; i < kills; i++) {
    const working = Promise.all(writers.map((writer) => writer.writeTo(urls()))).catch((error: Error) => {
      throw new Error(`${error.message}; the servers said: ${servers.map(({ said }) => said()).join()}`)
    })
    // A server that has just started is slow at first: its time begins with the first answer.
    const before = answered(writers)
    await Promise.race([working, until(() => answered(writers) > before, 6000)])
    await wait(random() * milliseconds)
    await servers[i % replicas].kill()
    await working
    servers[i % replicas] = await start()
    for (const url of urls()) for (const writer of writers) report.wrong.push(...(await writer.check(url)))
    const { data } = await (await fetch(`${urls()[0]}/v1/memories`)).json()
    const known = new Set(writers.flatMap(({ ids }) => ids))
    const unknown = data.filter(({ id }: { id: string }) => !known.has(id)).length
    const unanswered = writers.reduce((sum, writer) => sum + writer.unanswered, 0)
    if (unknown > unanswered) report.wrong.push(`${unknown} memories nobody asked for; ${unanswered} may be`)
    report.kills++
    report.answered = answered(writers)
    onKill(report)
  }
  await Promise.all(servers.map((server) => server.kill()))
  return report
}

const answered = (writers: readonly Writer[]): number =>
  writers.reduce((sum, writer) => sum + writer.answered, 0)
