import { tf } from '@ttt-e2e/tensor-ops'
import type { KernelSet } from '../kernel-set'

export function registerReductions(kernels: KernelSet): void {
  for (const [name, axisAttribute] of [
    ['Sum', 'axis'],
    ['Mean', 'axis'],
    ['Max', 'reductionIndices'],
    ['Min', 'axis'],
  ]) {
    const index = kernels.index(name)
    kernels.register(name, ({ inputs: { x }, attributes, backend }) => {
      if (x.dtype !== 'float32') return undefined
      const axes = tf.util.parseAxisParam((attributes[axisAttribute] ?? attributes.axis) as number[], x.shape)
      const isReduced = x.shape.map((_, d) => (axes.includes(d) ? 1 : 0))
      const shape = attributes.keepDims
        ? x.shape.map((dim, d) => (isReduced[d] ? 1 : dim))
        : x.shape.filter((_, d) => !isReduced[d])
      return backend.call(index, [x], [shape], isReduced)[0]
    })
  }

  for (const [name, input, axis] of [
    ['Softmax', 'logits', 'dim'],
    ['LogSoftmax', 'logits', 'axis'],
  ]) {
    const index = kernels.index(name)
    kernels.register(name, ({ inputs, attributes, backend }) => {
      const x = inputs[input]
      const last = attributes[axis] === x.shape.length - 1 || attributes[axis] === -1
      return x.dtype === 'float32' && last ? backend.call(index, [x], [x.shape], [])[0] : undefined
    })
  }
}
