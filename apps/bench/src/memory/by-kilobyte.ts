import type { Model } from '@ttt-e2e/checkpoint'
import type { Document } from '@ttt-e2e/data'
import type { Table } from '@ttt-e2e/report'
import { pairedDifference } from '../statistics'
import { lossesOf, mean } from './losses-of'

/** The loss by kilobyte of held-out books, read from their beginning, and how far the first reader is ahead. */
export async function tableByKilobyte(
  readers: { name: string; model: Model; learn: boolean }[],
  books: Document<Int32Array>[],
  kilobytes: number,
  onProgress: (text: string) => void,
): Promise<Table> {
  const bytes = kilobytes * 1024
  const long = books.filter(({ tokens }) => tokens.length > bytes)
  const perReader: number[][][] = []
  for (const { name, model, learn } of readers) {
    const perBook: number[][] = []
    for (const [i, { tokens }] of long.entries()) {
      onProgress(`${name} · book ${i + 1} of ${long.length}`)
      const losses = await lossesOf(model, tokens.subarray(0, bytes + 1), learn)
      const kilobyte = (k: number) => mean(losses.subarray(1 + k * 1024, 1 + (k + 1) * 1024))
      perBook.push(Array.from({ length: kilobytes }, (_, k) => kilobyte(k)))
    }
    perReader.push(perBook)
  }
  const column = (reader: number, k: number) => perReader[reader].map((book) => book[k])
  const [first] = readers
  return {
    title: 'loss by kilobyte of held-out books (nats per byte)',
    columns: [
      'kilobyte',
      ...readers.map(({ name }) => name),
      ...readers.slice(1).map(({ name }) => `ahead of ${name}`),
    ],
    rows: Array.from({ length: kilobytes }, (_, k) => [
      String(k + 1),
      ...readers.map((_, r) => mean(column(r, k)).toFixed(3)),
      ...readers.slice(1).map((_, r) => {
        const { mean: ahead, low, high } = pairedDifference([column(r + 1, k)], [column(0, k)])
        return `${ahead.toFixed(3)} (${low?.toFixed(3)} to ${high?.toFixed(3)})`
      }),
    ]),
    note: `${long.length} held-out documents longer than ${kilobytes} KB; "ahead": the other's loss less that of ${first.name}, 95 % interval of the paired differences`,
  }
}
