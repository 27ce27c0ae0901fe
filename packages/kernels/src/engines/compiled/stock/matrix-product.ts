import { productShape } from '../../stock/product-shape'
import type { KernelSet } from '../kernel-set'

export function registerMatrixProduct(kernels: KernelSet): void {
  const index = kernels.index('BatchMatMul')
  kernels.register('BatchMatMul', ({ inputs: { a, b }, attributes, backend }) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined
    const transposed = attributes as { transposeA: boolean; transposeB: boolean }
    const { rows, columns, outer } = productShape(a, b, transposed)
    const flags = [transposed.transposeA ? 1 : 0, transposed.transposeB ? 1 : 0]
    return backend.call(index, [a, b], [[...outer, rows, columns]], flags)[0]
  })
}
