import { broadcastStrides } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from '../backend'
import { productShape } from '../../stock/product-shape'
import type { KernelSet } from '../kernel-set'
import { productPart, rowMajor, transposed } from '../product'
import { productParts } from '../product-parts'
import { sizeOf } from '../../size-of'
import { collapsed } from '../strides'

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
  const left = transposeA ? transposed(rowMajor(0, rows)) : rowMajor(0, depth)
  const right = transposeB ? transposed(rowMajor(1, depth)) : rowMajor(1, columns)
  const sizes = { rows, columns, depth }
  const parts =
    sizeOf(outer) === 1
      ? productParts(left, right, { output: 0 }, sizes, backend)
      : [productPart(left, right, { output: 0 }, sizes, backend, walk)]
  return backend.call([a, b], [{ shape: [...outer, rows, columns], dtype: 'float32' }], parts)[0]
}
