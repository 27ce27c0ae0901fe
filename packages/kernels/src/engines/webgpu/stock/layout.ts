import { stridesOf, tf } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, Output, TensorInfo } from '../backend'
import { sizeOf } from '../../size-of'
import { isGpuType, type GpuType } from '../data'
import { floatWord, forEachValue, groupsFor, type GpuKernel, type Part } from '../kernel'
import type { KernelSet } from '../kernel-set'
import { collapsed, walkCode, walkWords } from '../strides'
import { fillParts } from './fill'

const copy: GpuKernel = {
  name: 'Copy',
  inputs: { x: 'u32' },
  outputs: { y: 'u32' },
  code: forEachValue(`
  var source = param(1);
  var place = param(2);
${walkCode(['source', 'place'], '3u', 'i')}
  y[place] = x[source];`),
}

/** Values of a box of these lengths, from one place with its strides to another. */
interface Box {
  shape: readonly number[]
  from: number
  fromStrides: readonly number[]
  to: number
  toStrides: readonly number[]
}

/** Copies a box of an input's values into an output. */
export function copyPart({ shape, from, fromStrides, to, toStrides }: Box, input = 0, output = 0): Part {
  const size = sizeOf(shape)
  const walk = collapsed({ shape: [...shape], strides: [[...fromStrides], [...toStrides]] })
  const parameters = [size, from, to, ...walkWords(walk)]
  return { kernel: copy, inputs: [input], outputs: [output], parameters, groups: groupsFor(size) }
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
const like = (x: TensorInfo, shape: number[]): Output => ({ shape, dtype: x.dtype as GpuType })

/** Kernels that move values without looking at them. */
export function registerLayout(kernels: KernelSet): void {
  kernels.register('Transpose', ({ inputs: { x }, attributes, backend }) => {
    if (!isGpuType(x.dtype)) return undefined
    const perm = attributes.perm as number[]
    // A lookup's gradient transposes the whole table by nothing.
    if (perm.every((from, to) => from === to)) return backend.share(x, x.shape, x.dtype)
    const strides = stridesOf(x.shape)
    const shape = perm.map((d) => x.shape[d])
    const fromStrides = perm.map((d) => strides[d])
    const box = { shape, from: 0, fromStrides, to: 0, toStrides: stridesOf(shape) }
    return backend.call([x], [like(x, shape)], [copyPart(box)])[0]
  })

  kernels.register('Slice', ({ inputs: { x }, attributes, backend }) => {
    if (!isGpuType(x.dtype)) return undefined
    const [begin, size] = tf.slice_util.parseSliceParams(
      x as tf.Tensor,
      attributes.begin as number[],
      attributes.size as number[],
    )
    tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size)
    return backend.call([x], [like(x, size)], [slicePart(x.shape, begin, size)])[0]
  })

  kernels.register('PadV2', ({ inputs: { x }, attributes, backend }) => {
    const { paddings, constantValue } = attributes as { paddings: [number, number][]; constantValue: number }
    if (x.dtype !== 'float32') return undefined
    const shape = x.shape.map((dim, d) => dim + paddings[d][0] + paddings[d][1])
    const toStrides = stridesOf(shape)
    const to = dot(toStrides, paddings.map(([before]) => before)) // prettier-ignore
    const box = { shape: x.shape, from: 0, fromStrides: stridesOf(x.shape), to, toStrides }
    const parts = [...fillParts(sizeOf(shape), floatWord(constantValue), backend.mostBound), copyPart(box)]
    return backend.call([x], [like(x, shape)], parts)[0]
  })

  kernels.register('Tile', ({ inputs: { x }, attributes, backend }) => {
    const reps = attributes.reps as number[]
    if (!isGpuType(x.dtype) || reps.length !== x.shape.length) return undefined
    const shape = x.shape.map((dim, d) => dim * reps[d])
    const strides = stridesOf(x.shape)
    // Each dimension is one of repetitions, on which nothing depends, and one of values.
    const inner = x.shape.flatMap((dim, d) => [reps[d], dim])
    const fromStrides = strides.flatMap((stride) => [0, stride])
    const box = { shape: inner, from: 0, fromStrides, to: 0, toStrides: stridesOf(inner) }
    return backend.call([x], [like(x, shape)], [copyPart(box)])[0]
  })

  kernels.register('Concat', ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs)
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, all[0].shape)
    if (!all.every((x) => isGpuType(x.dtype) && x.dtype === all[0].dtype)) return undefined
    tf.backend_util.assertParamsConsistent(all.map(({ shape }) => shape), axis) // prettier-ignore
    return join(backend, all, all.map(({ shape }) => shape), axis) // prettier-ignore
  })

  kernels.register('Pack', ({ inputs, attributes, backend }) => {
    const all = Object.values(inputs)
    if (!all.every((x) => isGpuType(x.dtype) && x.dtype === all[0].dtype)) return undefined
    const axis = attributes.axis as number
    const expanded = all.map(({ shape }) => [...shape.slice(0, axis), 1, ...shape.slice(axis)])
    return join(backend, all, expanded, axis)
  })

  kernels.register('SplitV', ({ inputs: { x }, attributes, backend }) => {
    if (!isGpuType(x.dtype)) return undefined
    const [axis] = tf.util.parseAxisParam(attributes.axis as number, x.shape)
    const given = attributes.numOrSizeSplits as number[]
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, given, axis)
    return split(backend, x, sizes, axis)
  })

  kernels.register('Unpack', ({ inputs: { value: x }, attributes, backend }) => {
    if (!isGpuType(x.dtype)) return undefined
    const axis = ((attributes.axis as number) + x.shape.length) % x.shape.length
    const shape = x.shape.filter((_, d) => d !== axis)
    const sizes = Array.from({ length: x.shape[axis] }, () => 1)
    return split(backend, x, sizes, axis).map((part) => ({ ...part, shape: [...shape] }))
  })
}

function slicePart(of: readonly number[], begin: number[], size: number[], output = 0): Part {
  const fromStrides = stridesOf(of)
  const toStrides = stridesOf(size)
  return copyPart({ shape: size, from: dot(fromStrides, begin), fromStrides, to: 0, toStrides }, 0, output)
}

/** Inputs, seen in these shapes, one behind the other along an axis. */
function join(
  backend: GpuBackend,
  all: readonly TensorInfo[],
  shapes: readonly number[][],
  axis: number,
): TensorInfo {
  const shape = [...shapes[0]]
  shape[axis] = shapes.reduce((sum, each) => sum + each[axis], 0)
  const toStrides = stridesOf(shape)
  let at = 0
  const parts = shapes.map((own, i) => {
    const box = { shape: own, from: 0, fromStrides: stridesOf(own), to: at * toStrides[axis], toStrides }
    at += own[axis]
    return copyPart(box, i)
  })
  return backend.call(all, [like(all[0], shape)], parts)[0]
}

function split(backend: GpuBackend, x: TensorInfo, sizes: readonly number[], axis: number): TensorInfo[] {
  let at = 0
  const shapes = sizes.map((size) => x.shape.map((dim, d) => (d === axis ? size : dim)))
  const parts = shapes.map((shape, output) => {
    const part = slicePart(x.shape, x.shape.map((_, d) => (d === axis ? at : 0)), shape, output) // prettier-ignore
    at += shape[axis]
    return part
  })
  return backend.call([x], shapes.map((shape) => like(x, shape)), parts) // prettier-ignore
}
