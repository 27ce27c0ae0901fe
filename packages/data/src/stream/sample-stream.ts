import type { Batch } from '@ttt-e2e/tensor-ops'
import { checkWhole, DataError } from '../data-error'
import type { Cursor, StreamOptions } from './stream-options'
import { lossMask } from './loss-mask'

export interface SampleStreamOptions extends Omit<StreamOptions, 'seed'> {
  /** Tokens [length + 1] of the n-th sample: a pure function of n, which is what makes the stream resumable. */
  sample(n: number): ArrayLike<number> | Promise<ArrayLike<number>>
  /** Places in the n-th sample, from 0 to length, whose token begins a document; for samples that hold several. */
  documentStarts?(n: number): readonly number[]
  /** Targets equal to it are masked out. */
  bosToken?: number
}

/**
 * An endless stream of batches whose n-th sample is `sample(n)`, whatever the batch size.
 *
 * @throws DataError at the call for a bad size or cursor; while reading, the reason of an aborted signal.
 */
export function sampleStream(options: SampleStreamOptions): AsyncGenerator<Batch<Cursor>, void, void> {
  checkWhole('batch', options.batch, 1)
  checkWhole('length', options.length, 1)
  const { from = 0, to = options.batch } = options.rows ?? {}
  checkWhole('rows.from', from, 0)
  checkWhole('rows.to', to, from + 1)
  if (to > options.batch) throw new DataError(`rows.to is ${to}; a batch has ${options.batch} rows`)
  checkWhole('cursor.nextSample', options.cursor?.nextSample ?? 0, 0)
  // The checks run at the call: a generator's own body would wait for the first next().
  return batches(options)
}

async function* batches(options: SampleStreamOptions): AsyncGenerator<Batch<Cursor>, void, void> {
  const { length, signal, sample, bosToken, documentStarts, rows = { from: 0, to: options.batch } } = options
  const batch = rows.to - rows.from
  for (let next = options.cursor?.nextSample ?? 0; ; next += options.batch) {
    signal?.throwIfAborted()
    const first = next + rows.from
    const tokens = new Int32Array(batch * (length + 1))
    const mask = new Uint8Array(batch * length)
    const starts = documentStarts && new Uint8Array(tokens.length)
    for (let row = 0; row < batch; row++) {
      const sequence = await sample(first + row)
      tokens.set(sequence, row * (length + 1))
      mask.set(lossMask(sequence, bosToken), row * length)
      for (const start of documentStarts?.(first + row) ?? []) {
        starts![row * (length + 1) + start] = 1
        if (start > 0) mask[row * length + start - 1] = 0
      }
    }
    const cursor = { nextSample: next + options.batch }
    yield { tokens, mask, ...(starts && { documentStarts: starts }), batch, length, cursor }
  }
}
