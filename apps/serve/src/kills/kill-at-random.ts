import { setTimeout as wait } from 'node:timers/promises'
import { serveProcess } from '../serve-process'
import { until } from '../testing'
import { Writer } from './writer'

export interface KillOptions {
  model: string
  /** As `--store` has it. */
  store: string
  kills: number
  /** Clients that write at the same time. */
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

/** Kills a server at random moments while clients write, and looks each time at what is there afterwards. */
export async function killAtRandom(
  options: KillOptions,
  onKill: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  const { model, store, kills, random, milliseconds } = options
  const writers = Array.from({ length: options.writers }, () => new Writer(random))
  const report: KillReport = { kills: 0, answered: 0, wrong: [] }
  const start = () => serveProcess('--model', model, '--store', store, '--max-memories', '100000')
  let server = await start()
  for (let i = 0; i < kills; i++) {
    const { said } = server
    const working = Promise.all(writers.map((writer) => writer.writeTo(server.url))).catch((error: Error) => {
      throw new Error(`${error.message}; the server said: ${said()}`)
    })
    // A server that has just started is slow at first: its time begins with the first answer.
    const before = answered(writers)
    await Promise.race([working, until(() => answered(writers) > before, 6000)])
    await wait(random() * milliseconds)
    await server.kill()
    await working
    server = await start()
    for (const writer of writers) report.wrong.push(...(await writer.check(server.url)))
    const { data } = await (await fetch(`${server.url}/v1/memories`)).json()
    const known = new Set(writers.flatMap(({ ids }) => ids))
    const unknown = data.filter(({ id }: { id: string }) => !known.has(id)).length
    const unanswered = writers.reduce((sum, writer) => sum + writer.unanswered, 0)
    if (unknown > unanswered) report.wrong.push(`${unknown} memories nobody asked for; ${unanswered} may be`)
    report.kills++
    report.answered = answered(writers)
    onKill(report)
  }
  await server.kill()
  return report
}

const answered = (writers: readonly Writer[]): number =>
  writers.reduce((sum, writer) => sum + writer.answered, 0)
