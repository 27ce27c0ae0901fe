import { float16Values, tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { blockColumns, blockDepth, wordsOf } from './blocks'

/** The matrix in float32, [columns, depth]. Reads its words at once: only engines without a kernel come here. */
export function dequantised(weight: Tensor): Tensor {
  const [groups, blocks, words] = weight.shape
  const depth = blocks * blockDepth
  const packed = weight.dataSync<'int32'>()
  const bits = words === wordsOf[4] ? 4 : 8
  const perWord = 32 / bits
  const values = new Float32Array(groups * blockColumns * depth)
  for (let column = 0; column < groups * blockColumns; column++)
    for (let k = 0; k < depth; k++) {
      const group = Math.floor(column / blockColumns) * blocks + Math.floor(k / blockDepth)
      const block = group * words * blockColumns + (column % blockColumns)
      const [scale, minimum] = float16Values(Uint16Array.of(packed[block], packed[block] >>> 16))
      const word = packed[block + (1 + Math.floor((k % blockDepth) / perWord)) * blockColumns]
      const shift = bits * (k % perWord)
      const q = bits === 4 ? (word >>> shift) & 15 : (word << (24 - shift)) >> 24
      values[column * depth + k] = Math.fround(scale * q) + minimum
    }
  return tf.tensor2d(values, [groups * blockColumns, depth])
}

export function quantisedLinearReference({ x, weight }: Tensors): Tensors {
  const matrix = dequantised(weight)
  const [columns, depth] = matrix.shape
  const product = tf.matMul(tf.reshape(x, [x.size / depth, depth]), matrix, false, true)
  return { y: tf.reshape(product, [...x.shape.slice(0, -1), columns]) }
}

export const quantisedRowsReference = ({ weight, indices }: Tensors): Tensors => ({
  rows: tf.gather(dequantised(weight), indices as never),
})
