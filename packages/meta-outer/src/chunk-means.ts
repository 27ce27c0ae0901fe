import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { maskedMean } from '@ttt-e2e/ttt-inner'

/**
 * Masked means over chunks, the last one perhaps shorter.
 *
 * @param losses [B, T]
 * @param mask [B, T]: 1 where a loss counts
 * @returns [B, K]
 */
export function chunkMeans(losses: Tensor, mask: Tensor, chunk: number): Tensor {
  const [batch, length] = losses.shape
  const even = Math.floor(length / chunk) * chunk
  const means: Tensor[] = []
  const add = (start: number, end: number, size: number) => {
    const byChunk = (x: Tensor) =>
      tf.reshape(tf.slice(x, [0, start], [-1, end - start]), [batch, (end - start) / size, size])
    means.push(maskedMean(byChunk(losses), byChunk(mask)))
  }
  if (even > 0) add(0, even, chunk)
  if (even < length) add(even, length, length - even)
  return means.length === 1 ? means[0] : tf.concat(means, 1)
}
