import { performance } from 'node:perf_hooks'
import { quantile, type Finding } from './finding'
import type { LoadServer } from './load-server'
import { textOf } from './text-of'

export interface ThroughputOptions {
  /** Memories that decode together. */
  rows: number
  /** Tokens that each generates. */
  tokens: number
  /** Texts that are read at once. */
  texts: number
  /** Bytes of each. */
  textBytes: number
  /** Short answers, alone and beside a long text. */
  answers: number
  /** Bytes of the long text. */
  longBytes: number
  /** Turns of each measure and what it is compared with; the median of their ratios counts. */
  turns: number
  /** How many times as fast those that decode together should be as one. */
  aim: number
}

/** How much faster a server is for several at once than for one after another, and how long a short answer takes. */
export async function measureThroughput(server: LoadServer, options: ThroughputOptions): Promise<Finding[]> {
  return [
    ...(await decoding(server, options)),
    ...(await reading(server, options)),
    ...(await shortAnswers(server, options)),
  ]
}

async function decoding(
  server: LoadServer,
  { rows, tokens, turns, aim }: ThroughputOptions,
): Promise<Finding[]> {
  const memories = await Promise.all(
    Array.from({ length: rows }, (_, seed) => server.remember(textOf(200 + 13 * seed, seed))),
  )
  const ask = ({ id }: { id: string }) => server.complete({ prompt: 'It', memory: id }, tokens)
  await Promise.all(memories.map(ask))
  const rates: { one: number; all: number }[] = []
  for (let turn = 0; turn < turns; turn++) {
    const one = await seconds(() => ask(memories[turn % rows]))
    const all = await seconds(() => Promise.all(memories.map(ask)))
    rates.push({ one: tokens / one, all: (rows * tokens) / all })
  }
  const ratio = quantile(
    rates.map(({ one, all }) => all / one),
    0.5,
  )
  const median = (which: 'one' | 'all') =>
    quantile(
      rates.map((each) => each[which]),
      0.5,
    )
  return [
    { what: 'one memory decodes', value: median('one'), unit: 'tokens/s' },
    { what: `${rows} memories decode together`, value: median('all'), unit: 'tokens/s' },
    { what: `${rows} memories beside one`, value: ratio, unit: '× the tokens/s', aim: { least: aim } },
  ]
}

async function reading(
  server: LoadServer,
  { texts: count, textBytes, turns }: ThroughputOptions,
): Promise<Finding[]> {
  const texts = Array.from({ length: count }, (_, seed) => textOf(textBytes, 100 + seed))
  const rates: { alone: number; together: number }[] = []
  for (let turn = 0; turn < turns; turn++) {
    const alone = await seconds(async () => {
      for (const text of texts) await server.remember(text)
    })
    const together = await seconds(() => Promise.all(texts.map((text) => server.remember(text))))
    rates.push({ alone, together })
  }
  const total = count * textBytes
  const median = (of: (each: (typeof rates)[0]) => number) => quantile(rates.map(of), 0.5)
  return [
    {
      what: `${count} texts one after another`,
      value: median(({ alone }) => total / alone),
      unit: 'tokens/s',
    },
    { what: `${count} texts at once`, value: median(({ together }) => total / together), unit: 'tokens/s' },
    {
      what: `${count} texts at once beside one after another`,
      value: median(({ alone, together }) => alone / together),
      unit: '×',
      aim: { least: 1.5 },
    },
  ]
}

async function shortAnswers(
  server: LoadServer,
  { answers, longBytes }: ThroughputOptions,
): Promise<Finding[]> {
  const { id } = await server.remember(textOf(300, 7))
  const p99 = async () => {
    const times: number[] = []
    for (let i = 0; i < answers; i++)
      times.push(await seconds(() => server.complete({ prompt: 'It is', memory: id }, 16)))
    return 1000 * quantile(times, 0.99)
  }
  const alone = await p99()
  const gone = new AbortController()
  const lines = server.stream('/v1/memories', textOf(longBytes, 8), gone.signal)
  await lines.next()
  const drained = drain(lines)
  const beside = await p99()
  gone.abort()
  await drained
  const what = 'p99 of an answer of 16 tokens'
  return [
    { what: `${what} alone`, value: alone, unit: 'ms' },
    { what: `${what} beside a text of ${longBytes} bytes`, value: beside, unit: 'ms' },
    { what: `${what} beside it as alone`, value: beside / alone, unit: '×', aim: { most: 5 } },
  ]
}

/** Takes what comes, until nobody waits for it any more. */
async function drain(lines: AsyncGenerator<unknown>): Promise<void> {
  try {
    for await (const _ of lines);
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
