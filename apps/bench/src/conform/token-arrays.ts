import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  indexShuffle,
  isTokenArrays,
  openTokenArrays,
  tokenArrayStream,
  type TokenArray,
  type TokenArrays,
} from '@ttt-e2e/data'
import { Comparisons, readTensors, type GoldenCase, type Verdict } from './golden-case'

interface GoldenBatch {
  input_ids: number[][]
  target_tokens: number[][]
  loss_masks: number[][]
}

interface Loader {
  n_samples: number
  sample_index_of_each_batch: number[][]
  first_3_batches: GoldenBatch[]
  iterator_state_after_3: { next_index: number }
}

/** What the authors' loader yields of the arrays that lie beside the case, whichever way they are stored. */
interface Batches {
  seq_len: number
  global_batch_size: number
  bos: number
  loader: Record<string, Loader> & { val_noshuffle: { len_batches: number; batches: GoldenBatch[] } }
}

/** More than any id. */
const vocabularySize = 2 ** 31 - 1

/** Every token, and the batches in their order, of all arrays in the case's folder; all of it exactly. */
export async function conformBatches({ folder, description }: GoldenCase): Promise<Verdict | string> {
  const names = readdirSync(folder).filter((name) => isTokenArrays(join(folder, name)))
  if (names.length === 0) return 'no token arrays lie beside it'
  const comparisons = new Comparisons()
  const truth = readTensors(join(folder, 'tokens'))
  for (const name of names) {
    const arrays = await openTokenArrays(join(folder, name))
    for (const [split, array] of Object.entries({ train: arrays.train, val: arrays.held! }))
      equal(comparisons, `${name}/${split}`, await array.read(0, array.length), truth[split].values)
    await compareOrder(comparisons, arrays, description as unknown as Batches)
  }
  return comparisons.result()
}

async function compareOrder(
  comparisons: Comparisons,
  { name, train, held }: TokenArrays,
  { seq_len: length, global_batch_size: batch, bos: bosToken, loader }: Batches,
): Promise<void> {
  const { val_noshuffle: inOrder, ...shuffled } = loader
  const options = { batch, length, tokenizer: { vocabularySize, bosToken } }
  for (const [seedName, golden] of Object.entries(shuffled)) {
    const seed = Number(seedName.replace('seed', ''))
    const what = `${name}, seed ${seed}`
    equal(comparisons, `samples of ${what}`, [Math.floor((train.length - 1) / length)], [golden.n_samples])
    const streamOf = (tokens: TokenArray, cursor?: { nextSample: number }) =>
      tokenArrayStream({ ...options, tokens, seed, ...(cursor && { cursor }) })
    const batches = await take(streamOf(train), golden.first_3_batches.length)
    golden.first_3_batches.forEach((each, i) => compareBatch(comparisons, what, batches[i], each))
    const { cursor } = batches.at(-1)!
    equal(
      comparisons,
      `cursor of ${what}`,
      [cursor.nextSample],
      [batch * golden.iterator_state_after_3.next_index],
    )
    // An array that has at each place the number of its sample tells which samples come.
    const places = {
      name,
      length: train.length,
      read: async (from: number, to: number) => numbers(from, to, length),
    }
    const order = await take(streamOf(places, { nextSample: 0 }), golden.sample_index_of_each_batch.length)
    golden.sample_index_of_each_batch.forEach((each, i) => {
      const found = each.map((_, row) => order[i].tokens[row * (length + 1)])
      equal(comparisons, `order of ${what}`, found, each)
    })
  }
  const own = await take(
    tokenArrayStream({ ...options, tokens: held!, seed: 0, order: 'none' }),
    inOrder.len_batches,
  )
  inOrder.batches.forEach((each, i) => compareBatch(comparisons, `${name}, val`, own[i], each))
}

const numbers = (from: number, to: number, length: number) =>
  Int32Array.from({ length: to - from }, (_, i) => Math.floor((from + i) / length))

type Batch = Awaited<ReturnType<typeof take>>[number]

function compareBatch(comparisons: Comparisons, what: string, ours: Batch, golden: GoldenBatch): void {
  golden.input_ids.forEach((inputs, row) => {
    const width = ours.length + 1
    const tokens = ours.tokens.subarray(row * width, (row + 1) * width)
    equal(comparisons, `inputs of ${what}`, tokens.subarray(0, -1), inputs)
    equal(comparisons, `targets of ${what}`, tokens.subarray(1), golden.target_tokens[row])
    const mask = ours.mask.subarray(row * ours.length, (row + 1) * ours.length)
    equal(comparisons, `mask of ${what}`, mask, golden.loss_masks[row])
  })
}

/** The shuffle's permutations, whole for small numbers and their beginnings for large ones. */
export function conformIndexShuffle({ description }: GoldenCase): Verdict {
  const comparisons = new Comparisons()
  const { full_permutations: whole, first_16: begun } = description as Record<
    string,
    Record<string, number[]>
  >
  for (const [name, expected] of Object.entries({ ...whole, ...begun })) {
    const [, count, seed] = /^n=(\d+),seed=(\d+)$/.exec(name)!.map(Number)
    equal(
      comparisons,
      name,
      expected.map((_, i) => indexShuffle(i, count, seed)),
      expected,
    )
  }
  return comparisons.result()
}

/** Of whole numbers, exactly. */
const equal = (
  comparisons: Comparisons,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
) => comparisons.compareLargest(what, actual, expected, 0.5)

async function take(stream: ReturnType<typeof tokenArrayStream>, count: number) {
  const taken = []
  for await (const batch of stream) {
    taken.push(batch)
    if (taken.length === count) break
  }
  return taken
}
