import type { GpuBackend, TensorInfo } from '../backend'
import { sizeOf } from '../../size-of'
import type { Part } from '../kernel'
import { productShape } from '../../stock/product-shape'
import type { KernelSet } from '../kernel-set'
import { productKernel, tileFor } from '../product'
import { broadcastStrides, collapsed, walkWords } from '../strides'

export function registerMatrixProduct(kernels: KernelSet): void {
  kernels.register('BatchMatMul', ({ inputs: { a, b }, attributes, backend }) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean }
    return product(backend, a, b, transposeA, transposeB)
  })
}

function product(
  backend: GpuBackend,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  const { rows, columns, depth, outer } = productShape(a, b, { transposeA, transposeB })
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const walk = collapsed({
    shape: outer,
    strides: [
      broadcastStrides(outerA, outer).map((stride) => stride * rows * depth),
      broadcastStrides(outerB, outer).map((stride) => stride * depth * columns),
    ],
  })
  const tile = tileFor(rows, columns)
  const part: Part = {
    kernel: productKernel(tile),
    inputs: [0, 1],
    outputs: [0],
    parameters: [
      rows,
      columns,
      depth,
      ...(transposeA ? [1, rows] : [depth, 1]),
      ...(transposeB ? [1, depth] : [columns, 1]),
      ...walkWords(walk),
    ],
    groups: [Math.ceil(columns / tile), Math.ceil(rows / tile), sizeOf(outer)],
  }
  return backend.call([a, b], [{ shape: [...outer, rows, columns], dtype: 'float32' }], [part])[0]
}
