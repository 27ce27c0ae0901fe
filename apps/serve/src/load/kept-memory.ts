import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { encodeMemory, decodeMemory, loadModel } from '@ttt-e2e/checkpoint'
import { quantile, type Finding } from './finding'
import { LoadServer, whole } from './load-server'
import { textOf } from './text-of'

export interface KeptMemoryOptions {
  model: string
  tokens: number
  /** Of the server. */
  parameters: readonly string[]
}

/** A memory that outlives its server: what its forks and saves take, and whether it goes on to the bit. */
export async function measureKeptMemory({
  model,
  tokens,
  parameters,
}: KeptMemoryOptions): Promise<Finding[]> {
  const store = mkdtempSync(join(tmpdir(), 'load-'))
  const start = () => LoadServer.start('--model', model, '--memories', store, ...parameters)
  const first = await start()
  const { id } = await whole<{ id: string }>(
    await fetch(`${first.url}/v1/memories`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: textOf(tokens, 3),
    }),
  )
  const saved = await exported(first, id)
  const question = { prompt: 'It', memory: id }
  const answer = await first.complete(question, 32)
  await first.stop()

  const second = await start()
  const restored = await exported(second, id)
  const before = await second.metric('tokens_read_total')
  const again = await second.complete(question, 32)
  const read = (await second.metric('tokens_read_total')) - before
  const fork = await milliseconds(async () => void (await second.post(`/v1/memories/${id}/fork`, {})))
  await second.stop()

  const loaded = await loadModel(model)
  const memory = decodeMemory(loaded, saved)
  const inMemory = await milliseconds(async () => memory.fork().dispose())
  const save = await milliseconds(async () => void (await encodeMemory(memory)))
  memory.dispose()
  loaded.dispose()
  return [
    { what: 'bytes of a saved memory', value: saved.length, unit: 'bytes' },
    {
      what: 'bytes of it that differ in a new process',
      value: differing(saved, restored),
      unit: 'bytes',
      aim: { most: 0 },
    },
    {
      what: 'answers that differ in a new process',
      value: Number(answer !== again),
      unit: 'answers',
      aim: { most: 0 },
    },
    { what: 'tokens read to go on in a new process', value: read, unit: 'tokens', aim: { most: 2 } },
    { what: 'a fork', value: inMemory, unit: 'ms', aim: { most: 1 } },
    { what: 'a save', value: save, unit: 'ms', aim: { most: 50 } },
    { what: 'a fork over HTTP, written to the disk', value: fork, unit: 'ms' },
  ]
}

async function exported(server: LoadServer, id: string): Promise<Buffer> {
  const answer = await fetch(`${server.url}/v1/memories/${id}/export`)
  return Buffer.from(await answer.arrayBuffer())
}

const differing = (a: Buffer, b: Buffer): number =>
  a.length === b.length
    ? a.reduce((count, byte, i) => count + Number(byte !== b[i]), 0)
    : Math.max(a.length, b.length)

/** The median of some runs, the first of which don't count. */
async function milliseconds(work: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 25; i++) {
    const start = performance.now()
    await work()
    if (i >= 5) times.push(performance.now() - start)
  }
  return quantile(times, 0.5)
}
