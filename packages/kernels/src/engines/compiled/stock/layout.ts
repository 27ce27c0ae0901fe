import { tf } from '@ttt-e2e/tensor-ops'
import type { CompiledBackend, TensorInfo } from '../backend'
import type { KernelSet } from '../kernel-set'

/** Kernels that move 4-byte values take float32 and int32 alike. */
const isWord = (x: TensorInfo): x is TensorInfo & { dtype: 'float32' | 'int32' } =>
  x.dtype === 'float32' || x.dtype === 'int32'

/** Kernels that move values without looking at them. */
export function registerLayout(kernels: KernelSet): void {
  const move = (
    kernel: string,
    backend: CompiledBackend,
    inputs: TensorInfo[],
    shapes: number[][],
    attributes: readonly number[] = [],
  ) => backend.call(kernels.index(kernel), inputs, shapes, attributes, inputs[0].dtype as 'float32' | 'int32')

  kernels.register('Transpose', ({ inputs: { x }, attributes, backend }) => {
    if (!isWord(x)) return undefined
    const perm = attributes.perm as number[]
    if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
      throw new Error(`transpose: [${perm}] must name each dimension of [${x.shape}] once`)
    return move('Transpose', backend, [x], [perm.map((d) => x.shape[d])], perm)[0]
  })

  kernels.register('Slice', ({ inputs: { x }, attributes, backend }) => {
    if (!isWord(x)) return undefined
    const [begin, size] = tf.slice_util.parseSliceParams(
      x as tf.Tensor,
      attributes.begin as number[],
      attributes.size as number[],
    )
    tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size)
    return move('Slice', backend, [x], [size], begin)[0]
  })

  kernels.register('PadV2', ({ inputs: { x }, attributes, backend }) => {
    if (x.dtype !== 'float32') return undefined
    const { paddings, constantValue } = attributes as { paddings: [number, number][]; constantValue: number }
    if (paddings.length !== x.shape.length || paddings.flat().some((width) => !(width >= 0)))
      throw new Error(
        `pad: [${paddings.join('; ')}] must be two widths from 0 on for each dimension of [${x.shape}]`,
      )
    const shape = x.shape.map((dim, d) => dim + paddings[d][0] + paddings[d][1])
    return move('PadV2', backend, [x], [shape], [constantValue, ...paddings.map(([before]) => before)])[0]
  })

  kernels.register('Tile', ({ inputs: { x }, attributes, backend }) => {
    if (!isWord(x)) return undefined
    const reps = attributes.reps as number[]
    return reps.length === x.shape.length
      ? move('Tile', backend, [x], [x.shape.map((dim, d) => dim * reps[d])])[0]
      : undefined
  })

  kernels.register('Concat', ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs)
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, all[0].shape)
    const kept = all.filter(({ shape }) => !shape.includes(0))
    if (kept.length === 0 || kept.length > 4000 || !kept.every((x) => isWord(x) && x.dtype === kept[0].dtype))
      return undefined
    tf.backend_util.assertParamsConsistent(kept.map(({ shape }) => shape), axis) // prettier-ignore
    const shape = [...kept[0].shape]
    shape[axis] = kept.reduce((sum, x) => sum + x.shape[axis], 0)
    return move('Concat', backend, kept, [shape], [axis])[0]
  })

  kernels.register('Pack', ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs)
    if (all.length > 4000 || !all.every((x) => isWord(x) && x.dtype === all[0].dtype)) return undefined
    const axis = attributes.axis as number
    const withAxis = (shape: number[], length: number) => [
      ...shape.slice(0, axis),
      length,
      ...shape.slice(axis),
    ]
    const expanded = all.map((x) => ({ ...x, dataId: x.dataId, dtype: x.dtype, shape: withAxis(x.shape, 1) }))
    return move('Concat', backend, expanded, [withAxis(all[0].shape, all.length)], [axis])[0]
  })

  kernels.register('SplitV', ({ inputs: { x }, attributes, backend }) => {
    if (!isWord(x)) return undefined
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape)
    const sizes = tf.backend_util.prepareSplitSize(
      x as tf.Tensor,
      attributes.numOrSizeSplits as number[],
      axis,
    )
    const shapes = sizes.map((size) => x.shape.map((dim, d) => (d === axis ? size : dim)))
    return move('SplitV', backend, [x], shapes, [axis])
  })

  kernels.register('Unpack', ({ inputs: { value }, attributes, backend }) => {
    if (!isWord(value)) return undefined
    const rank = value.shape.length
    const axis = ((attributes.axis as number) + rank) % rank
    const shape = [...value.shape.slice(0, axis), ...value.shape.slice(axis + 1)]
    const parts = Array.from({ length: value.shape[axis] }, () =>
      value.shape.map((dim, d) => (d === axis ? 1 : dim)),
    )
    return move('SplitV', backend, [value], parts, [axis]).map((part) => ({ ...part, shape: [...shape] }))
  })
}
