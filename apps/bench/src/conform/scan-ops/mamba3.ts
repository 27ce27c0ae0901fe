import { mamba3, swiglu, type Mamba3Inputs } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/** The recurrence alone; the case's keys and biases have no axis of ranks. */
export function mamba3Siso({ angle0, h0, k0, x0, B, C, B_bias, C_bias, ...inputs }: Tensors): Tensors {
  const [B1, C1] = [B, C].map((x) => tf.expandDims(x, 2))
  const [bBias, cBias] = [B_bias, C_bias].map((x) => tf.expandDims(x, 1))
  const given = { ...inputs, B: B1, C: C1, bBias, cBias } as unknown as Mamba3Inputs
  const { y, state } = mamba3(
    given,
    { angle: angle0, scan: h0, key: tf.expandDims(k0, 1), x: x0 },
    { halves: false },
  )
  return {
    y: tf.squeeze(y, [2]),
    angle_last: state.angle,
    h_last: state.scan,
    k_last: tf.squeeze(state.key, [1]),
  }
}

/** The recurrence with what makes its values of x and one output of the ranks'. */
export function mamba3Mimo({ z, mimo_x, mimo_z, mimo_o, angle0, h0, k0, x0, ...inputs }: Tensors): Tensors {
  const { B_bias: bBias, C_bias: cBias, ...rest } = inputs
  const given = { ...rest, bBias, cBias, valueScale: mimo_x } as unknown as Mamba3Inputs
  const { y, state } = mamba3(given, { angle: angle0, scan: h0, key: k0, x: x0 }, { halves: true })
  const byRank = (scale: Tensor) => tf.transpose(scale, [1, 0, 2])
  const gates = tf.mul(tf.expandDims(z, 2), byRank(mimo_z))
  return {
    y: tf.sum(tf.mul(swiglu(gates, y), byRank(mimo_o)), 2),
    angle_last: state.angle,
    h_last: state.scan,
    k_last: state.key,
  }
}
