import type { GpuBackend } from './backend'
import { rangesOfRows, type Part, type Range } from './kernel'
import { productPart, type Factor, type Target } from './product'

type Sizes = Parameters<typeof productPart>[3]
type Dimension = 'rows' | 'columns' | 'depth'

/**
 * y = a · b as `productPart`, in as many parts as it takes for none to get more of a matrix than it may: those that are
 * larger are cut between rows as they are stored.
 *
 * @param gpu what a kernel may get of a buffer, its tiles, and what products take
 */
export function productParts(
  a: Factor,
  b: Factor,
  y: Target,
  sizes: Sizes,
  gpu: Pick<GpuBackend, 'mostBound' | 'tiles' | 'precision'>,
): Part[] {
  const { mostBound } = gpu
  const large = (dimension: Dimension, step: number) =>
    sizes[dimension] * step * 4 > mostBound ? { dimension, step } : undefined
  const cuts = {
    a: a.strides[1] === 1 ? large('rows', a.strides[0]) : large('depth', a.strides[1]),
    b: b.strides[1] === 1 ? large('depth', b.strides[0]) : large('columns', b.strides[1]),
    y: large('rows', y.width ?? sizes.columns),
  }
  const all = [cuts.a, cuts.b, cuts.y].filter((cut) => cut !== undefined)
  if (all.length === 0) return [productPart(a, b, y, sizes, gpu)]
  const stretches = (dimension: Dimension): Stretch[] => {
    const steps = all.flatMap((cut) => (cut.dimension === dimension ? [cut.step] : []))
    return rangesOfRows(sizes[dimension], Math.max(0, ...steps), mostBound, steps)
  }
  const parts: Part[] = []
  for (const rows of stretches('rows'))
    for (const columns of stretches('columns'))
      for (const depth of stretches('depth')) {
        const at: Record<Dimension, Stretch> = { rows, columns, depth }
        // Where a cut matrix begins is told by its range, across that by its start.
        const placed = <M extends Factor | Target>(matrix: M, cut: Cut | undefined, steps: Steps): M => {
          const start = steps
            .filter(([dimension]) => dimension !== cut?.dimension)
            .reduce((sum, [dimension, step]) => sum + at[dimension].from * step, matrix.start ?? 0)
          return { ...matrix, start, ...(cut && { range: rangeOf(at[cut.dimension], cut.step) }) }
        }
        const width = y.width ?? sizes.columns
        parts.push(
          productPart(
            placed(a, cuts.a, [['rows', a.strides[0]], ['depth', a.strides[1]]]), // prettier-ignore
            placed(b, cuts.b, [['depth', b.strides[0]], ['columns', b.strides[1]]]), // prettier-ignore
            placed({ ...y, width }, cuts.y, [['rows', width], ['columns', 1]]), // prettier-ignore
            {
              rows: rows.count,
              columns: columns.count,
              depth: depth.count,
              accumulate: sizes.accumulate || depth.from > 0,
            },
            gpu,
          ),
        )
      }
  return parts
}

type Steps = readonly (readonly [Dimension, number])[]
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
