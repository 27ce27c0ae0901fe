import { tf } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../backend'
import type { DataType, GpuType } from '../data'
import type { KernelSet } from '../kernel-set'
import { applyUnary } from './elementwise'

const casts: Record<string, string> = {
  'float32>int32': 'i32(x)',
  'int32>float32': 'f32(x)',
  'bool>float32': 'f32(x)',
  'bool>int32': 'x',
  'float32>bool': 'select(0, 1, x != 0.0)',
  'int32>bool': 'select(0, 1, x != 0)',
}

/** Kernels whose output shares the input's data, and casts, which do where the type stays. */
export function registerViews(kernels: KernelSet): void {
  kernels.register('Identity', ({ inputs: { x }, backend }) =>
    x.dtype === 'complex64' ? undefined : backend.share(x, x.shape, x.dtype),
  )
  kernels.register('Reshape', ({ inputs: { x }, attributes, backend }) => {
    if (x.dtype === 'complex64') return undefined
    const size = sizeOf(x.shape)
    const shape = tf.util.inferFromImplicitShape(attributes.shape as number[], size)
    if (sizeOf(shape) !== size)
      throw new Error(`reshape: [${x.shape}] has ${size} values, [${shape}] has ${sizeOf(shape)}`)
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
    const dtype = attributes.dtype as DataType
    if (x.dtype === dtype && dtype !== 'complex64') return backend.share(x, x.shape, dtype)
    const expression = casts[`${x.dtype}>${dtype}`]
    if (!expression) return undefined
    const name = `Cast ${x.dtype} ${dtype}`
    return applyUnary(backend, name, expression, x, x.dtype as GpuType, dtype as GpuType)
  })
}
