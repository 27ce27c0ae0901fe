import type { Model } from '@ttt-e2e/checkpoint'
import { stackReach, type Document } from '@ttt-e2e/data'
import type { Table } from '@ttt-e2e/report'
import { pairedDifference } from '../statistics'
import { lossesOf, mean } from './losses-of'

const ending = 10 * 1024
/** Bytes read before the ending: of the same book, or of another. */
const before = 20 * 1024

/**
 * The loss on a book's last 10 KB after reading the 20 KB before it, and after reading as much of another book. What the
 * windows of the stack can still see of the reading before is left out, so that the difference is what was learned:
 * without learning it is zero.
 */
export async function tableOwnOrAnother(
  model: Model,
  books: Document<Int32Array>[],
  onProgress: (text: string) => void,
): Promise<Table> {
  const long = books.filter(({ tokens }) => tokens.length >= before + ending)
  const { size } = model.recipe!
  const reach = stackReach(size.layers, size.window)
  const rows: string[][] = []
  for (const learn of [true, false]) {
    const own: number[] = []
    const another: number[] = []
    for (const [i, book] of long.entries()) {
      onProgress(`${learn ? 'learning' : 'not learning'} · book ${i + 1} of ${long.length}`)
      const other = long[(i + 1) % long.length]
      const end = book.tokens.subarray(-ending)
      for (const [losses, first] of [
        [own, book.tokens.subarray(-ending - before, -ending)],
        [another, other.tokens.subarray(-ending - before, -ending)],
      ] as const) {
        const memory = model.startMemory()
        await lossesOf(model, first, learn, memory)
        losses.push(mean((await lossesOf(model, end, learn, memory)).subarray(reach)))
        memory.dispose()
      }
    }
    const { mean: lower, low, high } = pairedDifference([another], [own])
    rows.push([
      learn ? 'learning' : 'not learning',
      mean(own).toFixed(4),
      mean(another).toFixed(4),
      `${lower.toFixed(4)} (${low?.toFixed(4)} to ${high?.toFixed(4)})`,
    ])
  }
  return {
    title: "loss on a book's last 10 KB (nats per byte)",
    columns: ['reader', 'after the same book', 'after another', 'lower by'],
    rows,
    note: `${long.length} held-out documents of at least 30 KB; the first ${reach} bytes, from which the windows still see what was read before, left out; 95 % interval of the paired differences`,
  }
}
