import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { scanByPhase } from '../scan-by-phase'

/** Tokens that the convolution sees, as many before as after the one it is at. */
export const taps = 5

export function inPlaceTttReference(x: Tensors): Tensors {
  const chunk = x.hOpen.shape[1]!
  return scanByPhase(x, (position) => position % chunk, readFrom, ['conv'])
}

/** Chunk by chunk, the first of which has `open` tokens already. */
function readFrom({ h, t, conv, fast, hOpen, tOpen }: Tensors, open: number): Tensors {
  const chunk = hOpen.shape[1]!
  const part = (x: Tensor, start: number, count: number) => tf.slice(x, [0, start, 0], [-1, count, -1])
  const joined = (before: Tensor, x: Tensor) => (open === 0 ? x : tf.concat([part(before, 0, open), x], 1))
  const [keys, targets] = [joined(hOpen, h), joined(tOpen, t)]
  const total = keys.shape[1]!
  const outputs: Tensor[] = []
  let weights = fast
  let start = 0
  for (; start < total; start += chunk) {
    const count = Math.min(chunk, total - start)
    const known = Math.max(start, open)
    if (start + count > known)
      outputs.push(tf.matMul(part(keys, known, start + count - known), weights, false, true))
    if (count < chunk) break
    const values = centredConvolution(part(targets, start, chunk), conv)
    weights = tf.add(weights, tf.matMul(values, part(keys, start, chunk), true))
  }
  const left = (x: Tensor) => {
    const count = Math.max(0, total - start)
    return tf.pad(part(x, total - count, count), [[0, 0], [0, chunk - count], [0, 0]]) // prettier-ignore
  }
  return {
    z: outputs.length === 0 ? tf.clone(t) : outputs.length === 1 ? outputs[0] : tf.concat(outputs, 1),
    fast: weights,
    hOpen: left(keys),
    tOpen: left(targets),
  }
}

/** Σ_j conv[:, j] t[i − 2 + j], zeros outside of the chunk. @param t [B, C, D] @param conv [D, 5] */
function centredConvolution(t: Tensor, conv: Tensor): Tensor {
  const [, chunk, width] = t.shape as number[]
  const side = (taps - 1) / 2
  const padded = tf.pad(t, [[0, 0], [side, side], [0, 0]]) // prettier-ignore
  const terms = Array.from({ length: taps }, (_, j) =>
    tf.mul(
      tf.slice(padded, [0, j, 0], [-1, chunk, -1]),
      tf.reshape(tf.slice(conv, [0, j], [-1, 1]), [width]),
    ),
  )
  return terms.reduce((sum, term) => tf.add(sum, term))
}
