import { performance } from 'node:perf_hooks'
import { quantile, type Finding } from './finding'
import type { KnownMemory, LoadServer } from './load-server'
import { whole } from './load-server'
import { textOf } from './text-of'

export interface LongTextOptions {
  tokens: number
  /** How often to look. */
  every: number
}

/** One memory that reads on and on: what it takes of memory and time, part by part. */
export async function measureLongText(
  server: LoadServer,
  { tokens, every }: LongTextOptions,
): Promise<Finding[]> {
  const { id } = await server.remember(textOf(1000, 1))
  const parts: { megabytes: number; rate: number }[] = []
  for (let done = 0; done < tokens; done += every) {
    const body = textOf(Math.min(every, tokens - done), done)
    const start = performance.now()
    const answer = await fetch(`${server.url}/v1/memories/${id}/read`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    })
    const { tokens: read } = await whole<KnownMemory>(answer)
    if (read !== 1000 + Math.min(tokens, done + every)) throw new Error(`the memory has read ${read} tokens`)
    const seconds = (performance.now() - start) / 1000
    parts.push({ megabytes: server.use().megabytes, rate: body.length / seconds })
  }
  // The first part is slower and smaller: code is compiled, and buffers are made.
  const [first, later] = [parts[Math.min(1, parts.length - 1)], parts.at(-1)!]
  const rates = parts.map(({ rate }) => rate)
  return [
    ...parts.flatMap(({ megabytes, rate }, i) => [
      { what: `after ${(i + 1) * every} tokens, resident memory`, value: megabytes, unit: 'MB' },
      { what: `up to ${(i + 1) * every} tokens`, value: rate, unit: 'tokens/s' },
    ]),
    { what: 'median', value: quantile(rates, 0.5), unit: 'tokens/s' },
    {
      what: 'resident memory at the end beside the second part',
      value: later.megabytes / first.megabytes,
      unit: '×',
      aim: { most: 1.1 },
    },
    {
      what: 'time per chunk at the end beside the second part',
      value: first.rate / later.rate,
      unit: '×',
      aim: { most: 1.1 },
    },
  ]
}
