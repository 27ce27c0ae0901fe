import type { GpuBackend } from '../backend'
import { sizeOf } from '../../size-of'
import { mostKept, type DataType } from '../data'
import { floatWord, forEachValue, groupsFor, inRanges, type GpuKernel, type Part } from '../kernel'
import type { KernelSet } from '../kernel-set'

const fill: GpuKernel = {
  name: 'Fill',
  inputs: {},
  outputs: { y: 'u32' },
  code: forEachValue('  y[i] = param(1);'),
}

const fillPart = (size: number, word: number, output = 0): Part => ({
  kernel: fill,
  inputs: [],
  outputs: [output],
  parameters: [size, word],
  groups: groupsFor(size),
})

/** Fills an output with one value. @param mostBytes what a kernel may get of a buffer */
export const fillParts = (size: number, word: number, mostBytes: number, output = 0): Part[] =>
  inRanges(fillPart(size, word, output), mostBytes)

const filled = (backend: GpuBackend, shape: number[], value: unknown, dtype: DataType) => {
  if (typeof value !== 'number' || (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool'))
    return undefined
  // Positions, for example, which some references look at: JavaScript goes on knowing them.
  if (dtype === 'int32' && sizeOf(shape) <= mostKept)
    return backend.makeTensorInfo(shape, dtype, new Int32Array(sizeOf(shape)).fill(value))
  const word = dtype === 'float32' ? floatWord(value) : value >>> 0
  return backend.call([], [{ shape, dtype }], fillParts(sizeOf(shape), word, backend.mostBound))[0]
}

/** Kernels that make tensors of nothing but numbers. */
export function registerFill(kernels: KernelSet): void {
  kernels.register('Fill', ({ attributes, backend }) => {
    const { shape, value } = attributes as { shape: number[]; value: number }
    return filled(backend, shape, value, (attributes.dtype as DataType | undefined) ?? 'float32')
  })
  kernels.register('ZerosLike', ({ inputs: { x }, backend }) => filled(backend, x.shape, 0, x.dtype))
  kernels.register('OnesLike', ({ inputs: { x }, backend }) => filled(backend, x.shape, 1, x.dtype))
  // Nothing to compute: uploaded once where a program is recorded.
  kernels.register('Range', ({ attributes, backend }) => {
    const { start, stop, step, dtype } = attributes as Record<string, number> & { dtype: DataType }
    const length = Math.max(0, Math.ceil((stop - start) / step))
    const values = Array.from({ length }, (_, i) => start + i * step)
    const typed = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values)
    return backend.makeTensorInfo([length], dtype, typed)
  })
}
