import { tf } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../size-of'
import type { StockKernels } from './stock-kernels'

/** A backend whose tensors can share data. */
interface Sharing {
  share(x: tf.TensorInfo, shape: number[], dtype: tf.DataType): tf.TensorInfo
}

/**
 * Kernels whose output shares the input's data, and casts, which do where the type stays.
 *
 * @param cast changes the type; undefined where the engine can't
 */
export function registerViews<B extends Sharing>(
  kernels: StockKernels<B>,
  cast: (x: tf.TensorInfo, dtype: tf.DataType, backend: B) => tf.TensorInfo | undefined,
): void {
  kernels.register('Identity', ({ inputs: { x }, backend }) =>
    x.dtype === 'complex64' ? undefined : backend.share(x, x.shape, x.dtype),
  )
  kernels.register('Reshape', ({ inputs: { x }, attributes, backend }) => {
    if (x.dtype === 'complex64') return undefined
    const size = sizeOf(x.shape)
    const shape = tf.util.inferFromImplicitShape(attributes.shape as number[], size)
    const wanted = sizeOf(shape)
    if (wanted !== size) throw new Error(`reshape: [${x.shape}] has ${size} values, [${shape}] has ${wanted}`)
    return backend.share(x, shape, x.dtype)
  })
  kernels.register('ExpandDims', ({ inputs: { input }, attributes, backend }) => {
    if (input.dtype === 'complex64') return undefined
    const rank = input.shape.length
    const dim = attributes.dim as number
    const at = dim < 0 ? rank + dim + 1 : dim
    return backend.share(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)], input.dtype)
  })
  kernels.register('Cast', ({ inputs: { x }, attributes, backend }) => {
    const dtype = attributes.dtype as tf.DataType
    return x.dtype === dtype && dtype !== 'complex64'
      ? backend.share(x, x.shape, dtype)
      : cast(x, dtype, backend)
  })
}
