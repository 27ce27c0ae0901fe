import { tf } from '@ttt-e2e/tensor-ops'
import type { KernelSet } from '../kernel-set'

export function registerMatrixProduct(kernels: KernelSet): void {
  const index = kernels.index('BatchMatMul')
  kernels.register('BatchMatMul', ({ inputs: { a, b }, attributes, backend }) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean }
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
    const outer = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
    const shape = [...outer, rows, columns]
    return backend.call(index, [a, b], [shape], [transposeA ? 1 : 0, transposeB ? 1 : 0])[0]
  })
}
