import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/** 2π in two parts: the first times a whole number below 2^16 is exact in float32. */
const [turn, turnRest] = [6.28125, 2 * Math.PI - 6.28125]

export function mamba3RotationReference(
  { B, C, dt, theta, bBias, cBias, angle }: Tensors,
  { halves }: { halves: number },
): Tensors {
  const [batch, length, ranks, groups, width] = B.shape as number[]
  const heads = dt.shape[2]!
  const pairs = theta.shape[2]!
  const rows = [batch, length, ranks, heads, width]
  if (batch * length === 0) return { q: tf.zeros(rows), k: tf.zeros(rows), lastAngle: tf.clone(angle) }
  const angles = anglesOf(dt, theta, angle)
  const turns = tf.reshape(angles, [batch, length, 1, heads, pairs, 1])
  const rotate = (x: Tensor, bias: Tensor) => {
    const biased = tf.add(
      tf.reshape(x, [batch, length, ranks, groups, 1, width]),
      tf.reshape(tf.transpose(bias, [1, 0, 2]), [ranks, groups, heads / groups, width]),
    )
    return rotated(tf.reshape(biased, rows), turns, pairs, halves !== 0)
  }
  const last = tf.slice(angles, [0, length - 1, 0, 0], [-1, 1, -1, -1])
  return { q: rotate(C, cBias), k: rotate(B, bBias), lastAngle: tf.reshape(last, angle.shape) }
}

/** The angles after each token [B, T, H, S], within ±π. */
function anglesOf(dt: Tensor, theta: Tensor, start: Tensor): Tensor {
  const [batch, length, heads] = dt.shape as number[]
  const pairs = theta.shape[2]!
  const rates = tf.reshape(tf.mul(tf.tanh(theta), Math.PI), [batch, length, 1, pairs])
  // Huge steps take several goes, each of which takes away what is exact.
  let sums = wrapped(wrapped(wrapped(tf.mul(tf.reshape(dt, [batch, length, heads, 1]), rates))))
  // Sums of sums, twice as far apart each time: none is ever large, so none loses digits.
  for (let step = 1; step < length; step *= 2) {
    const earlier = tf.slice(sums, [0, 0, 0, 0], [-1, length - step, -1, -1])
    sums = wrapped(tf.add(sums, tf.concat([tf.zeros([batch, step, heads, pairs]), earlier], 1)))
  }
  return wrapped(tf.add(sums, tf.expandDims(start, 1)))
}

function wrapped(angles: Tensor): Tensor {
  const turns = tf.round(tf.mul(angles, 1 / (2 * Math.PI)))
  return tf.sub(tf.sub(angles, tf.mul(turns, turn)), tf.mul(turns, turnRest))
}

/** The first `pairs` pairs of x's last axis turned: pairs (2i, 2i + 1), or (i, i + N/2) of halves. */
function rotated(x: Tensor, angles: Tensor, pairs: number, halves: boolean): Tensor {
  const rows = x.shape.slice(0, -1)
  const width = x.shape[x.rank - 1]
  const split = tf.reshape(x, [...rows, ...(halves ? [2, width / 2] : [width / 2, 2])])
  // [..., N/2, 2]
  const all = halves ? tf.transpose(split, [0, 1, 2, 3, 5, 4]) : split
  const part = (from: number, count: number, of: number, n: number) =>
    tf.slice(all, [0, 0, 0, 0, from, of], [-1, -1, -1, -1, count, n])
  const [u, w] = [part(0, pairs, 0, 1), part(0, pairs, 1, 1)]
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)]
  const turned = tf.concat(
    [tf.sub(tf.mul(u, cos), tf.mul(w, sin)), tf.add(tf.mul(u, sin), tf.mul(w, cos))],
    5,
  )
  const rest = width / 2 - pairs
  const whole = rest === 0 ? turned : tf.concat([turned, part(pairs, rest, 0, 2)], 4)
  return tf.reshape(halves ? tf.transpose(whole, [0, 1, 2, 3, 5, 4]) : whole, x.shape)
}
