import { byteTokenizer, readBooks } from '@ttt-e2e/data'
import { formatBytes, formatCount, formatDuration, Progress } from '@ttt-e2e/cli'
import { formatTable, type Table } from '@ttt-e2e/report'
import { cpus } from 'node:os'
import { startServer } from './start-server'
import { streamText, type Sample } from './stream-text'

export interface StreamOptions {
  engine: string
  /** Of the text. */
  bytes: number
}

const rows = 10
const samplesPerRow = 10

/** Streams a text into a memory of a server of its own and tells how fast it is read and what the process occupies. */
export async function stream(model: string | undefined, { engine, bytes }: StreamOptions): Promise<void> {
  const progress = new Progress()
  const server = await startServer(model, { engine })
  try {
    progress.print(`${server.said}\nmachine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`)
    const every = Math.ceil(bytes / (rows * samplesPerRow))
    const samples = await streamText(server.url, textOf(bytes), every, ({ tokens, seconds, resident }) => {
      const left = (seconds / tokens) * (bytes - tokens)
      progress.update(
        `${formatCount(tokens)} of ${formatCount(bytes)} bytes · ${Math.round(tokens / seconds)} per second · ` +
          `server ${formatBytes(resident)} · ${formatDuration(left)} left`,
      )
    })
    progress.clear()
    progress.print(`\n${formatTable(tableOf(samples, bytes))}`)
  } finally {
    await server.stop()
  }
}

/** The books, from their beginning again where they end. */
function textOf(bytes: number): Uint8Array {
  const text = new Uint8Array(bytes)
  const { documents } = readBooks(byteTokenizer)
  for (let filled = 0, i = 0; filled < bytes; i++) {
    const { tokens } = documents[i % documents.length]
    text.set(tokens.subarray(0, bytes - filled), filled)
    filled += tokens.length
  }
  return text
}

function tableOf(samples: Sample[], bytes: number): Table {
  const rowOf = ({ tokens }: Sample) => Math.min(rows - 1, Math.floor(((tokens - 1) * rows) / bytes))
  const perRow = Array.from({ length: rows }, (_, row) => samples.filter((sample) => rowOf(sample) === row))
  const residents = (group: Sample[]) => group.map(({ resident }) => resident)
  const later = residents(perRow.slice(1).flat())
  let before = { tokens: 0, seconds: 0 }
  return {
    title: 'a text streamed into a memory',
    columns: ['tokens read', 'tokens/s', 'resident, least', 'resident, most', 'its memory'],
    rows: perRow
      .filter((group) => group.length > 0)
      .map((group) => {
        const last = group[group.length - 1]
        const rate = (last.tokens - before.tokens) / (last.seconds - before.seconds)
        before = last
        return [
          formatCount(last.tokens),
          String(Math.round(rate)),
          formatBytes(Math.min(...residents(group))),
          formatBytes(Math.max(...residents(group))),
          formatBytes(last.memory),
        ]
      }),
    note:
      `resident: the server's process, ${samples.length} samples; after the first tenth of the text between ` +
      `${formatBytes(Math.min(...later))} and ${formatBytes(Math.max(...later))}`,
  }
}
