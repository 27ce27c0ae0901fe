import { disposeTree, read, tf, type Batch, type Tensor } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { OnFinal } from '../final-gradients'
import { lossesOf, type Losses } from '../losses'
import { sequencesOf } from '../sequences'
import { walkForSums, type WalkOptions } from '../walk-batch'

/**
 * The gradients of batches that are walked one after another, summed in the tree of halves: those of the first half of them
 * and those of the second. Ranks whose shares are branches of one tree make the same sums as one rank does.
 *
 * @param onFinal takes over sums as soon as nothing adds to them any more, while the last batch is walked back
 * @returns the losses of each batch
 */
export async function sumOverBatches(
  system: System,
  params: Params,
  batches: readonly Batch[],
  options: WalkOptions,
  onFinal: OnFinal,
): Promise<Losses[]> {
  if (batches.length === 1) {
    const [batch] = batches
    const sequences = sequencesOf(system, batch, options.microBatch)
    const told = await walkForSums(system, params, sequences, options, onFinal)
    const values = await read(told)
    disposeTree(told)
    return [lossesOf(system, batch, sequences, values)]
  }
  const middle = Math.ceil(batches.length / 2)
  const sums = new Map<Tensor, Tensor>()
  const collect: OnFinal = (parameters, gradients) =>
    parameters.forEach((parameter, i) => sums.set(parameter, gradients[i]))
  const add: OnFinal = (parameters, gradients) =>
    onFinal(
      parameters,
      parameters.map((parameter, i) => {
        const both = [sums.get(parameter)!, gradients[i]]
        const sum = tf.keep(tf.tidy(() => tf.add(both[0], both[1])))
        sums.delete(parameter)
        disposeTree(both)
        return sum
      }),
    )
  try {
    const first = await sumOverBatches(system, params, batches.slice(0, middle), options, collect)
    const second = await sumOverBatches(system, params, batches.slice(middle), options, add)
    return [...first, ...second]
  } finally {
    disposeTree([...sums.values()])
  }
}

/** Each row of a batch as a batch of its own. */
export function rowsOf({ tokens, mask, documentStarts, batch, length, cursor }: Batch): Batch[] {
  return Array.from({ length: batch }, (_, row) => {
    const [from, to] = [row * (length + 1), (row + 1) * (length + 1)]
    return {
      tokens: tokens.slice(from, to),
      mask: mask.slice(row * length, (row + 1) * length),
      ...(documentStarts && { documentStarts: documentStarts.slice(from, to) }),
      batch: 1,
      length,
      cursor,
    }
  })
}
