import { tf, type Batch, type Tensor } from '@ttt-e2e/tensor-ops'

/** Columns [start, end) of the inputs, targets and mask. */
export function columns(
  batch: Batch,
  start: number,
  end: number,
): { tokens: Tensor; targets: Tensor; mask: Tensor } {
  const width = end - start
  const shape: [number, number] = [batch.batch, width]
  const tokens = new Int32Array(batch.batch * width)
  const targets = new Int32Array(batch.batch * width)
  const mask = new Float32Array(batch.batch * width)
  for (let b = 0; b < batch.batch; b++) {
    const row = b * (batch.length + 1)
    tokens.set(batch.tokens.subarray(row + start, row + end), b * width)
    targets.set(batch.tokens.subarray(row + start + 1, row + end + 1), b * width)
    mask.set(batch.mask.subarray(b * batch.length + start, b * batch.length + end), b * width)
  }
  return {
    tokens: tf.tensor(tokens, shape, 'int32'),
    targets: tf.tensor(targets, shape, 'int32'),
    mask: tf.tensor(mask, shape),
  }
}
