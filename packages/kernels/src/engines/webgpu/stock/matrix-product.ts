import { tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, TensorInfo } from '../backend'
import { sizeOf } from '../../size-of'
import type { Part } from '../kernel'
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
  const [rankA, rankB] = [a.shape.length, b.shape.length]
  if (rankA < 2 || rankB < 2)
    throw new Error(`matMul: [${a.shape}] and [${b.shape}] must have two dimensions or more`)
  const rows = a.shape[rankA - (transposeA ? 1 : 2)]
  const columns = b.shape[rankB - (transposeB ? 2 : 1)]
  const [depthA, depthB] = [a.shape[rankA - (transposeA ? 2 : 1)], b.shape[rankB - (transposeB ? 1 : 2)]]
  if (depthA !== depthB)
    throw new Error(
      `matMul: the inner dimensions ${depthA} and ${depthB} of [${a.shape}] and [${b.shape}] differ ` +
        `(transposeA=${transposeA}, transposeB=${transposeB})`,
    )
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const outer = tf.backend_util.assertAndGetBroadcastShape(outerA, outerB)
  const walk = collapsed({
    shape: outer,
    strides: [
      broadcastStrides(outerA, outer).map((stride) => stride * rows * depthA),
      broadcastStrides(outerB, outer).map((stride) => stride * depthA * columns),
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
      depthA,
      ...(transposeA ? [1, rows] : [depthA, 1]),
      ...(transposeB ? [1, depthA] : [columns, 1]),
      ...walkWords(walk),
    ],
    groups: [Math.ceil(columns / tile), Math.ceil(rows / tile), sizeOf(outer)],
  }
  return backend.call([a, b], [{ shape: [...outer, rows, columns], dtype: 'float32' }], [part])[0]
}
