import { tf } from '@ttt-e2e/tensor-ops'
import type { CompiledBackend } from '../backend'
import type { KernelSet } from '../kernel-set'
import type { DataType } from '../data'

/** Kernels that go by int32 indices, and those that make tensors of one value. */
export function registerIndexing(kernels: KernelSet): void {
  const gather = kernels.index('GatherV2')
  kernels.register('GatherV2', ({ inputs: { x, indices }, attributes, backend }) => {
    if ((x.dtype !== 'float32' && x.dtype !== 'int32') || indices.dtype !== 'int32' || attributes.batchDims)
      return undefined
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape)
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
    return backend.call(gather, [x, indices], [shape], [axis], x.dtype)[0]
  })

  const segmentSum = kernels.index('UnsortedSegmentSum')
  kernels.register('UnsortedSegmentSum', ({ inputs: { x, segmentIds }, attributes, backend }) => {
    if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1)
      return undefined
    if (segmentIds.shape[0] !== x.shape[0])
      throw new Error(
        `unsortedSegmentSum: [${x.shape}] takes ${x.shape[0]} segment ids, ${segmentIds.shape[0]} were given`,
      )
    const shape = [attributes.numSegments as number, ...x.shape.slice(1)]
    return backend.call(segmentSum, [x, segmentIds], [shape], [])[0]
  })

  const oneHot = kernels.index('OneHot')
  kernels.register('OneHot', ({ inputs: { indices }, attributes, backend }) => {
    const { dtype, depth, onValue, offValue } = attributes as Record<string, number> & { dtype: DataType }
    if (indices.dtype !== 'int32' || (dtype !== 'float32' && dtype !== 'int32')) return undefined
    const values = [onValue, offValue, dtype === 'int32' ? 1 : 0]
    return backend.call(oneHot, [indices], [[...indices.shape, depth]], values, dtype)[0]
  })

  const fill = kernels.index('Fill')
  const filled = (backend: CompiledBackend, shape: number[], value: unknown, dtype: DataType) =>
    typeof value !== 'number' || (dtype !== 'float32' && dtype !== 'int32')
      ? undefined
      : backend.call(fill, [], [shape], [value, dtype === 'int32' ? 1 : 0], dtype)[0]
  kernels.register('Fill', ({ attributes, backend }) => {
    const { shape, value } = attributes as { shape: number[]; value: number }
    return filled(backend, shape, value, (attributes.dtype as DataType | undefined) ?? 'float32')
  })
  kernels.register('ZerosLike', ({ inputs: { x }, backend }) => filled(backend, x.shape, 0, x.dtype))
  kernels.register('OnesLike', ({ inputs: { x }, backend }) => filled(backend, x.shape, 1, x.dtype))
}
