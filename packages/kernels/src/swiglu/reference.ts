import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function swigluReference({ gate, up }: Tensors): Tensors {
  return { y: tf.mul(tf.mul(gate, tf.sigmoid(gate)), up) }
}
