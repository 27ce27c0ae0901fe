import { tf, type Tensor } from '../tf'

/** What a backend may have beside tfjs's own methods. */
interface Backend {
  /** Of a backend that can't read all values without waiting: those that it can. */
  valuesAtHand?(data: object): ArrayLike<number> | undefined
  programs?: { readonly recording: boolean }
}

/** A float32 tensor's values where they can be had without waiting; nothing while calls are recorded, to run on others. */
export function valuesAtHand(tensor: Tensor): Float32Array | undefined {
  const backend = tf.backend() as unknown as Backend
  if (backend.programs?.recording) return undefined
  if (backend.valuesAtHand === undefined) return tensor.dataSync() as Float32Array
  return backend.valuesAtHand(tensor.dataId) as Float32Array | undefined
}
