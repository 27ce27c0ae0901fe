import { tf } from '@ttt-e2e/tensor-ops'

/**
 * What a product of stacked matrices comes to: `outer` is the shape of the stack that both are broadcast to.
 *
 * @throws for less than two dimensions, and for inner ones that differ
 */
export function productShape(
  { shape: a }: tf.TensorInfo,
  { shape: b }: tf.TensorInfo,
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
): { rows: number; columns: number; depth: number; outer: number[] } {
  if (a.length < 2 || b.length < 2)
    throw new Error(`matMul: [${a}] and [${b}] must have two dimensions or more`)
  const rows = a[a.length - (transposeA ? 1 : 2)]
  const columns = b[b.length - (transposeB ? 2 : 1)]
  const [depth, depthB] = [a[a.length - (transposeA ? 2 : 1)], b[b.length - (transposeB ? 1 : 2)]]
  if (depth !== depthB)
    throw new Error(
      `matMul: the inner dimensions ${depth} and ${depthB} of [${a}] and [${b}] differ ` +
        `(transposeA=${transposeA}, transposeB=${transposeB})`,
    )
  const outer = tf.backend_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2))
  return { rows, columns, depth, outer }
}
