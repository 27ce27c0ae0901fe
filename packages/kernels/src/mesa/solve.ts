import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * X with A X = B by blocks, for A that has no pivot of 0, as where its symmetric part is positive: differentiable to any
 * order, in A's every element.
 *
 * @param a [n, K, K]
 * @param b [n, K, M]
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const size = a.shape[1]!
  if (size === 1) return quotient(b, a)
  const half = Math.floor(size / 2)
  const rest = size - half
  const block = (row: number, column: number, rows: number, columns: number) =>
    tf.slice(a, [0, row, column], [-1, rows, columns])
  // Of the first rows' unknowns: what they are by the right side alone, and by how much the others change them.
  const corner = block(0, half, half, rest)
  const first = solve(block(0, 0, half, half), tf.concat([corner, tf.slice(b, [0, 0, 0], [-1, half, -1])], 2))
  const [byRest, alone] = [
    tf.slice(first, [0, 0, 0], [-1, -1, rest]),
    tf.slice(first, [0, 0, rest], [-1, -1, -1]),
  ]
  const below = block(half, 0, rest, half)
  const second = solve(
    tf.sub(block(half, half, rest, rest), tf.matMul(below, byRest)),
    tf.sub(tf.slice(b, [0, half, 0], [-1, -1, -1]), tf.matMul(below, alone)),
  )
  return tf.concat([tf.sub(alone, tf.matMul(byRest, second)), second], 1)
}

/**
 * b / a, whose derivatives are made of quotients by a: tfjs's own divide by powers of it, which leave float32 long before a does.
 *
 * @param b [n, 1, M] @param a [n, 1, 1]
 */
const quotient = (b: Tensor, a: Tensor): Tensor =>
  tf.customGrad((...given) => {
    const [above, below, save] = given as unknown as [Tensor, Tensor, (tensors: Tensor[]) => void]
    save([above, below])
    return {
      value: tf.div(above, below),
      gradFunc: (slope: Tensor, [of, by]: Tensor[]) => {
        const each = quotient(slope, by)
        return [each, tf.neg(tf.sum(tf.mul(each, quotient(of, by)), 2, true))]
      },
    }
  })(b, a)

/** How the published code solves: so many steps, from where, and what is added to its denominators. */
export interface ConjugateGradients {
  steps: number
  start: 'zero' | 'diagonal'
  epsilon: number
}

/** x near A x = b by a number of steps of conjugate gradients. @param a [n, K, K] @param b [n, K, 1] */
export function conjugateGradients(
  a: Tensor,
  b: Tensor,
  { steps, start, epsilon }: ConjugateGradients,
): Tensor {
  const size = a.shape[1]!
  const inner = (x: Tensor, y: Tensor) => tf.sum(tf.mul(x, y), 1, true)
  const diagonal = tf.sum(tf.mul(a, tf.eye(size)), 2, true)
  let x = start === 'zero' ? tf.zerosLike(b) : tf.div(b, diagonal)
  let residual = tf.sub(b, tf.matMul(a, x))
  let direction = residual
  let size2 = inner(residual, residual)
  for (let step = 0; step < steps; step++) {
    const product = tf.matMul(a, direction)
    const length = tf.div(size2, tf.add(inner(direction, product), epsilon))
    x = tf.add(x, tf.mul(direction, length))
    residual = tf.sub(residual, tf.mul(product, length))
    const next = inner(residual, residual)
    direction = tf.add(residual, tf.mul(direction, tf.div(next, tf.add(size2, epsilon))))
    size2 = next
  }
  return x
}
