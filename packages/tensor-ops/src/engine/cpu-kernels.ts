import { tf } from '../tf'
import { broadcastStrides, stridesOf } from '../strides'
import { copyStrided, type Strided } from './copy-strided'

type Info = tf.TensorInfo
type Values = Float32Array | Int32Array | Uint8Array

/** What is used of tfjs's cpu backend. */
interface CpuBackend {
  data: { get(dataId: object): { values?: unknown } }
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Values): Info
  disposeIntermediateTensorInfo(info: Info): void
}

interface Call {
  inputs: Record<string, Info>
  attributes: Record<string, unknown>
  backend: CpuBackend
  /** Runs tfjs's own kernel. */
  original(inputs?: Record<string, Info>, attributes?: Record<string, unknown>): Info
}

const elementwise = `Add Sub Multiply RealDiv FloorDiv Mod Pow Maximum Minimum SquaredDifference
  Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr`.split(/\s+/)

/**
 * Puts kernels that move values in blocks in place of those of tfjs's cpu backend that look up where each value stands,
 * dimension by dimension, which takes most of a step's time. What is computed, and each bit of it, stays the same. Strings
 * and complex numbers go where they went.
 */
export function replaceCpuKernels(): void {
  replace('Slice', ({ inputs: { x }, attributes, backend }) => {
    const { begin, size } = attributes as { begin: number[]; size: number[] }
    const [from, shape] = tf.slice_util.parseSliceParams(x, begin, size)
    tf.slice_util.assertParamsValid(x as never, from, shape)
    return part(backend, x, from, shape)
  })
  replace('SplitV', ({ inputs: { x }, attributes, backend }) => {
    const axis = tf.util.parseAxisParam(attributes.axis as number, x.shape)[0]
    const sizes = tf.backend_util.prepareSplitSize(x as never, attributes.numOrSizeSplits as number[], axis)
    const begin = x.shape.map(() => 0)
    return sizes.map((size) => {
      const shape = x.shape.map((all, i) => (i === axis ? size : all))
      const one = part(backend, x, begin, shape)
      begin[axis] += size
      return one
    })
  })
  replace('Transpose', ({ inputs: { x }, attributes, backend }) =>
    transposed(backend, x, attributes.perm as number[]),
  )
  replace('PadV2', ({ inputs: { x }, attributes, backend }) => {
    const paddings = attributes.paddings as [number, number][]
    const shape = x.shape.map((size, i) => paddings[i][0] + size + paddings[i][1])
    const values = emptyValues(x.dtype, shape)
    if (attributes.constantValue !== 0) values.fill(attributes.constantValue as number)
    const strides = stridesOf(shape)
    const offset = paddings.reduce((sum, [before], i) => sum + before * strides[i], 0)
    copyStrided(x.shape, blockOf(backend, x), { values, offset, strides })
    return backend.makeTensorInfo(shape, x.dtype, values)
  })
  replace('Tile', ({ inputs: { x }, attributes, backend }) => {
    const reps = attributes.reps as number[]
    const own = stridesOf(x.shape)
    return gathered(backend, x, {
      shape: x.shape.map((size, i) => size * reps[i]),
      walked: x.shape.flatMap((size, i) => [reps[i], size]),
      strides: own.flatMap((stride) => [0, stride]),
    })
  })
  replace('Reverse', ({ inputs: { x }, attributes, backend, original }) => {
    if (x.shape.length === 0) return original()
    const axes = tf.util.parseAxisParam(attributes.dims as number[], x.shape)
    const own = stridesOf(x.shape)
    return gathered(backend, x, {
      shape: x.shape,
      strides: own.map((stride, i) => (axes.includes(i) ? -stride : stride)),
      offset: axes.reduce((sum, axis) => sum + (x.shape[axis] - 1) * own[axis], 0),
    })
  })
  replace('Sum', ({ inputs: { x }, attributes, backend, original }) => {
    const axes = tf.util.parseAxisParam(attributes.axis as number[], x.shape)
    const permutation = tf.backend_util.getAxesPermutation(axes, x.shape.length)
    if (!permutation) return original()
    const turned = transposed(backend, x, permutation)
    const inner = tf.backend_util.getInnerMostAxes(axes.length, x.shape.length)
    const sum = original({ x: turned }, { axis: inner, keepDims: false })
    backend.disposeIntermediateTensorInfo(turned)
    return attributes.keepDims
      ? { ...sum, shape: tf.backend_util.expandShapeToKeepDim(sum.shape, axes) }
      : sum
  })
  for (const name of elementwise)
    replace(name, ({ inputs: { a, b }, backend, original }) => {
      const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
      const all = [a, b].map((x) => (tf.util.arraysEqual(x.shape, shape) ? x : spread(backend, x, shape)))
      const result = original({ a: all[0], b: all[1] })
      for (const x of all) if (x !== a && x !== b) backend.disposeIntermediateTensorInfo(x)
      return result
    })
}

function replace(kernelName: string, kernel: (call: Call) => Info | Info[]): void {
  const original = tf.getKernel(kernelName, 'cpu')
  tf.unregisterKernel(kernelName, 'cpu')
  tf.registerKernel({
    ...original,
    kernelFunc: (given) => {
      const { inputs, attrs, backend } = given as unknown as {
        inputs: Record<string, Info>
        attrs: Record<string, unknown>
        backend: CpuBackend
      }
      const { x, a, b } = inputs
      if (x ? !isPlain(x) : !isPlain(a) || !isPlain(b) || tf.util.arraysEqual(a.shape, b.shape))
        return original.kernelFunc(given)
      return kernel({
        inputs,
        attributes: attrs,
        backend,
        original: (others = inputs, attributes = attrs) =>
          original.kernelFunc({ inputs: others, attrs: attributes, backend } as never) as Info,
      })
    },
  })
}

const isPlain = ({ dtype }: Info) => dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

const emptyValues = (dtype: tf.DataType, shape: readonly number[]): Values =>
  tf.util.getTypedArrayFromDType(dtype as 'float32', tf.util.sizeFromShape([...shape]))

const blockOf = (backend: CpuBackend, x: Info): Strided<Values> => ({
  values: backend.data.get(x.dataId).values as Values,
  offset: 0,
  strides: stridesOf(x.shape),
})

/** A tensor of values that stand somewhere in `x`, in the order of its own. */
function gathered(
  backend: CpuBackend,
  x: Info,
  taken: { shape: number[]; walked?: number[]; strides: number[]; offset?: number },
): Info {
  const { shape, walked = shape, strides, offset = 0 } = taken
  const values = emptyValues(x.dtype, shape)
  copyStrided(
    walked,
    { values: blockOf(backend, x).values, offset, strides },
    { values, offset: 0, strides: stridesOf(walked) },
  )
  return backend.makeTensorInfo(shape, x.dtype, values)
}

/** Shares the values where they stand in one piece. */
function part(backend: CpuBackend, x: Info, begin: number[], shape: number[]): Info {
  const strides = stridesOf(x.shape)
  const offset = begin.reduce((sum, start, i) => sum + start * strides[i], 0)
  if (!tf.slice_util.isSliceContinous(x.shape, begin, shape))
    return gathered(backend, x, { shape, strides, offset })
  const { values } = blockOf(backend, x)
  return backend.makeTensorInfo(
    shape,
    x.dtype,
    values.subarray(offset, offset + tf.util.sizeFromShape(shape)),
  )
}

function transposed(backend: CpuBackend, x: Info, permutation: readonly number[]): Info {
  const strides = stridesOf(x.shape)
  return gathered(backend, x, {
    shape: permutation.map((axis) => x.shape[axis]),
    strides: permutation.map((axis) => strides[axis]),
  })
}

const spread = (backend: CpuBackend, x: Info, shape: number[]): Info =>
  gathered(backend, x, { shape, strides: broadcastStrides(x.shape, shape) })
