import { tf } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../../size-of'
import { isGpuType, type DataType, type GpuType } from '../data'
import { floatWord, forEachValue, groupsFor, outputAsInput, rangesOfRows, type GpuKernel, type Part } from '../kernel' // prettier-ignore
import type { KernelSet } from '../kernel-set'

/** Kernels that go by int32 indices. */
export function registerIndexing(kernels: KernelSet): void {
  kernels.register('GatherV2', ({ inputs: { x, indices }, attributes, backend }) => {
    if (!isGpuType(x.dtype) || indices.dtype !== 'int32' || attributes.batchDims) return undefined
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape)
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
    const size = sizeOf(shape)
    const inner = sizeOf(x.shape.slice(axis + 1))
    const rows = x.shape[axis]
    // Rows of a table that is larger than a kernel's buffer may be come from one stretch of it after another.
    const stretches = axis === 0 ? rangesOfRows(rows, inner, backend.mostBound) : [{ from: 0, count: rows }]
    const parts = stretches.map(({ from, count, range }): Part => ({
      kernel: gather,
      inputs: [0, 1],
      outputs: [0],
      parameters: [size, inner, sizeOf(indices.shape), count, from, rows],
      groups: groupsFor(size),
      ...(range && { ranges: { 0: range } }),
    }))
    return backend.call([x, indices], [{ shape, dtype: x.dtype }], parts)[0]
  })

  kernels.register('UnsortedSegmentSum', ({ inputs: { x, segmentIds }, attributes, backend }) => {
    if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32' || segmentIds.shape.length !== 1)
      return undefined
    const count = x.shape[0]
    if (segmentIds.shape[0] !== count)
      throw new Error(
        `unsortedSegmentSum: [${x.shape}] takes ${count} segment ids, ${segmentIds.shape[0]} were given`,
      )
    const segments = attributes.numSegments as number
    const width = sizeOf(x.shape.slice(1))
    // Each segment's rows are linked in their order first, so that every sum is the same each time.
    const link: Part = {
      kernel: linkRows,
      inputs: [1],
      outputs: [1],
      parameters: [segments + count, segments, count],
      groups: groupsFor(segments + count),
    }
    const adds = rangesOfRows(segments, width, backend.mostBound).map(
      ({ from, count: rows, range }): Part => ({
        kernel: addLinked,
        inputs: [0, outputAsInput(1)],
        outputs: [0],
        parameters: [rows * width, segments, width, from],
        groups: groupsFor(rows * width),
        ...(range && { ranges: { 2: range } }),
      }),
    )
    const outputs = [
      { shape: [segments, ...x.shape.slice(1)], dtype: 'float32' as const },
      { shape: [segments + count], dtype: 'int32' as const },
    ]
    return backend.call([x, segmentIds], outputs, [link, ...adds], { temporary: 1 })[0]
  })

  kernels.register('OneHot', ({ inputs: { indices }, attributes, backend }) => {
    const { dtype, depth, onValue, offValue } = attributes as Record<string, number> & { dtype: DataType }
    if (indices.dtype !== 'int32' || (dtype !== 'float32' && dtype !== 'int32')) return undefined
    const shape = [...indices.shape, depth]
    const size = sizeOf(shape)
    const word = (value: number) => (dtype === 'float32' ? floatWord(value) : value >>> 0)
    const part: Part = {
      kernel: oneHot,
      inputs: [0],
      outputs: [0],
      parameters: [size, depth, word(onValue), word(offValue)],
      groups: groupsFor(size),
    }
    return backend.call([indices], [{ shape, dtype: dtype as GpuType }], [part])[0]
  })
}

/** An index that there is none of gives NaN. */
const gather: GpuKernel = {
  name: 'GatherV2',
  inputs: { x: 'u32', indices: 'i32' },
  outputs: { y: 'u32' },
  code: forEachValue(`
  let inner = param(1);
  let count = param(2);
  let column = i % inner;
  let row = i / inner;
  let index = indices[row % count];
  if (index < 0 || u32(index) >= param(5)) { y[i] = 0x7fc00000u; return; }
  let own = u32(index) - param(4);
  if (u32(index) < param(4) || own >= param(3)) { return; }
  y[i] = x[((row / count) * param(3) + own) * inner + column];`),
}

/** The first row of each segment, then for each row the next one of its segment; −1 where there is none. */
const linkRows: GpuKernel = {
  name: 'UnsortedSegmentSum link',
  inputs: { ids: 'i32' },
  outputs: { links: 'i32' },
  code: forEachValue(`
  let segments = param(1);
  let isSegment = i < segments;
  var row = select(i - segments + 1u, 0u, isSegment);
  var segment = i32(i);
  if (!isSegment) { segment = ids[i - segments]; }
  while (row < param(2) && ids[row] != segment) { row++; }
  links[i] = select(-1, i32(row), row < param(2));`),
}

const addLinked: GpuKernel = {
  name: 'UnsortedSegmentSum add',
  inputs: { x: 'f32', links: 'i32' },
  outputs: { y: 'f32' },
  code: forEachValue(`
  let segments = param(1);
  let width = param(2);
  var total = 0.0;
  var row = links[param(3) + i / width];
  while (row >= 0) {
    total += x[u32(row) * width + i % width];
    row = links[segments + u32(row)];
  }
  y[i] = total;`),
}

const oneHot: GpuKernel = {
  name: 'OneHot',
  inputs: { indices: 'i32' },
  outputs: { y: 'u32' },
  code: forEachValue(`
  let depth = param(1);
  y[i] = select(param(3), param(2), indices[i / depth] == i32(i % depth));`),
}
