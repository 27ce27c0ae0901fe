import {
  readSample,
  samplesOf,
  openTokenArrays,
  tokenArrayStream,
  type Cursor,
  type StreamOptions,
} from '@ttt-e2e/data'
import type { DataRecipe, Recipe } from '@ttt-e2e/meta-outer'
import type { Task } from './task'

/**
 * Arrays of tokens in zarr: learns from `train` in the order of the authors' loader, and is measured on the first samples
 * of `val`, in their order.
 *
 * @throws DataError for arrays that can't be read, or tokens outside the vocabulary
 */
export async function tokenArraysTask(
  { size, training, evaluation }: Recipe,
  data: Extract<DataRecipe, { kind: 'tokens' }>,
): Promise<Task> {
  const arrays = await openTokenArrays(data.path)
  const { name, train, held } = arrays
  const { vocabularySize } = size
  const tokenizer = { vocabularySize, bosToken: data.bosToken }
  const streamOf = ({ batch = training.batch, length = training.length, ...rest }: Partial<StreamOptions>) =>
    tokenArrayStream({ ...rest, tokens: train, tokenizer, seed: data.seed, batch, length })
  // What can't be trained on is told before anything is written.
  await streamOf({}).next()
  const count = held ? Math.min(evaluation.documents, samplesOf(held, evaluation.length)) : 0
  const heldOut = await Promise.all(
    Array.from({ length: count }, async (_, k) => ({
      id: `val from token ${k * evaluation.length}`,
      tokens: await readSample(held!, k, evaluation.length, vocabularySize),
    })),
  )
  const note =
    heldOut.length === 0
      ? [`There is no sample of ${evaluation.length} tokens in '${data.path}/val': nothing is held out.`]
      : []
  return {
    title: `tokens: ${name}`,
    summary: `${name}: ${(train.length / 1e6).toFixed(1)} M tokens, ${samplesOf(train, training.length)} samples`,
    stream: ({ batch, length, cursor, signal, rows }) =>
      streamOf({ batch, length, cursor: cursor as Cursor | undefined, signal, ...(rows && { rows }) }),
    heldOut,
    ...(data.bosToken !== undefined && { bosToken: data.bosToken }),
    references: () => [],
    fingerprint: () => ({ tokens: train.length, sha256: arrays.record().sha256 }),
    record: () => arrays.record(),
    notes: note,
  }
}
