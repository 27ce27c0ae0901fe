import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/**
 * Runs the reference of a scan whose chunks end where the positions say: rows of one phase side by side, those of
 * different phases apart. The one place where references read values of tensors: where a chunk ends decides which
 * operations run. (Kernels take the positions as they are.)
 *
 * @param x the scan's inputs; `position` int32 [N], the others [N, …], but for those that all rows share
 * @param phaseOf what of a position decides where chunks end, as a position that stands for all of the same phase
 * @param scan the outputs [N, …] of rows at one phase
 */
export function scanByPhase(
  { position, ...x }: Tensors,
  phaseOf: (position: number) => number,
  scan: (x: Tensors, phase: number) => Tensors,
  shared: readonly string[] = [],
): Tensors {
  const rowsOf = new Map<number, number[]>()
  position.dataSync().forEach((value: number, row: number) => {
    const phase = phaseOf(Math.max(0, value))
    rowsOf.set(phase, [...(rowsOf.get(phase) ?? []), row])
  })
  if (rowsOf.size < 2) return scan(x, [...rowsOf.keys()][0] ?? 0)
  const parts = [...rowsOf].map(([phase, rows]) => {
    const take = ([name, tensor]: [string, Tensor]) =>
      [name, shared.includes(name) ? tensor : tf.gather(tensor, tf.tensor1d(rows, 'int32'))] as const
    return scan(Object.fromEntries(Object.entries(x).map(take)), phase)
  })
  const order = [...rowsOf.values()].flat()
  const places = tf.tensor1d(
    order.map((_, row) => order.indexOf(row)),
    'int32',
  )
  const join = (name: string) => {
    const all = parts.map((part) => part[name])
    return tf.gather(tf.concat(all, 0), places)
  }
  return Object.fromEntries(Object.keys(parts[0]).map((name) => [name, join(name)]))
}
