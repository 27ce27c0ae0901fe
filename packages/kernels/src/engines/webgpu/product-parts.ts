import { rangeStep, type Part, type Range } from './kernel'
import { productPart, type Factor, type Target } from './product'

type Sizes = Parameters<typeof productPart>[3]
type Dimension = 'rows' | 'columns' | 'depth'

/**
 * y = a · b as `productPart`, in as many parts as it takes for none to get more of a matrix than it may: those that are
 * larger are cut between rows as they are stored.
 *
 * @param mostBytes what a kernel may get of a buffer
 */
export function productParts(a: Factor, b: Factor, y: Target, sizes: Sizes, mostBytes: number): Part[] {
  const large = (dimension: Dimension, step: number) =>
    sizes[dimension] * step * 4 > mostBytes ? { dimension, step } : undefined
  const cuts = {
    a: a.strides[1] === 1 ? large('rows', a.strides[0]) : large('depth', a.strides[1]),
    b: b.strides[1] === 1 ? large('depth', b.strides[0]) : large('columns', b.strides[1]),
    y: large('rows', y.width ?? sizes.columns),
  }
  const all = [cuts.a, cuts.b, cuts.y].filter((cut) => cut !== undefined)
  if (all.length === 0) return [productPart(a, b, y, sizes)]
  const stretches = (dimension: Dimension): Stretch[] => {
    const steps = all.flatMap((cut) => (cut.dimension === dimension ? [cut.step] : []))
    const most = Math.floor(mostBytes / 4 / Math.max(1, ...steps) / rangeStep) * rangeStep
    return steps.length === 0 ? [{ from: 0, count: sizes[dimension] }] : cutInto(sizes[dimension], most)
  }
  const parts: Part[] = []
  for (const rows of stretches('rows'))
    for (const columns of stretches('columns'))
      for (const depth of stretches('depth')) {
        const at: Record<Dimension, Stretch> = { rows, columns, depth }
        const placed = <M extends Factor | Target>(matrix: M, cut: Cut | undefined, start: number): M =>
          cut
            ? { ...matrix, range: rangeOf(at[cut.dimension], cut.step) }
            : { ...matrix, start: (matrix.start ?? 0) + start }
        parts.push(
          productPart(
            placed(a, cuts.a, rows.from * a.strides[0] + depth.from * a.strides[1]),
            placed(b, cuts.b, depth.from * b.strides[0] + columns.from * b.strides[1]),
            {
              ...placed(y, cuts.y, rows.from * (y.width ?? sizes.columns) + columns.from),
              width: y.width ?? sizes.columns,
            },
            {
              rows: rows.count,
              columns: columns.count,
              depth: depth.count,
              accumulate: sizes.accumulate || depth.from > 0,
            },
          ),
        )
      }
  return parts
}

interface Cut {
  dimension: Dimension
  step: number
}
interface Stretch {
  from: number
  count: number
}
const rangeOf = ({ from, count }: Stretch, step: number): Range => ({
  start: from * step,
  count: count * step,
})

/** Stretches of at most so many. */
function cutInto(length: number, most: number): Stretch[] {
  return Array.from({ length: Math.ceil(length / most) }, (_, i) => ({
    from: i * most,
    count: Math.min(most, length - i * most),
  }))
}
