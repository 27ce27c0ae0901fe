import { createRandom, tf, vjp, type Tensors } from '@ttt-e2e/tensor-ops'

export type Values = Record<string, { shape: number[]; values: Float32Array }>
export type Scan = (inputs: Tensors) => Tensors

/** Outputs, gradients and gradients of gradients, for cotangents that a seed decides. */
export function derivativesOf(scan: Scan, inputs: Values): Values {
  return tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, values }]) => [
        name,
        tf.tensor(Float32Array.from(values), shape),
      ]),
    )
    const gradient = (x: Tensors) => {
      const { value, pull } = vjp((y: Tensors) => ({ value: scan(y) }), x)
      return pull(cotangentsOf(value, 2))
    }
    const { value, pull } = vjp((x: Tensors) => ({ value: gradient(x) }), tensors)
    const orders = { output: scan(tensors), gradient: value, 'second gradient': pull(cotangentsOf(value, 3)) }
    return Object.fromEntries(
      Object.entries(orders).flatMap(([order, results]) =>
        Object.entries(results).map(([name, tensor]) => [
          `${order} ${name}`,
          { shape: tensor.shape, values: tensor.dataSync() as Float32Array },
        ]),
      ),
    )
  })
}

function cotangentsOf(tensors: Tensors, seed: number): Tensors {
  const random = createRandom(seed)
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, size }]) => [
      name,
      tf.tensor(
        Float32Array.from({ length: size }, () => Math.fround(random.normal())),
        shape,
      ),
    ]),
  )
}

/** The largest error of a row, the last axis, beside the row's own largest value, where float32 can hold the truth. */
export function worstRow({ shape, values }: Values[string], truth: ArrayLike<number>): number {
  const width = shape[shape.length - 1]
  let worst = 0
  for (let row = 0; row < truth.length; row += width) {
    let [size, error] = [0.01, 0]
    for (let i = row; i < row + width; i++) {
      if (!(Math.abs(truth[i]) < 1e37)) continue
      size = Math.max(size, Math.abs(truth[i]))
      const difference = Math.abs(values[i] - truth[i])
      error = Math.max(error, Number.isNaN(difference) ? Infinity : difference)
    }
    worst = Math.max(worst, error / size)
  }
  return worst
}
