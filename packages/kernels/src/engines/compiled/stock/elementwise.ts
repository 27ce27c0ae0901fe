import { tf } from '@ttt-e2e/tensor-ops'
import type { TensorInfo } from '../backend'
import type { KernelSet } from '../kernel-set'

const arithmetic = ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference']
const comparisons = ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual']
const floating = ['Neg', 'Square', 'Sqrt', 'Rsqrt', 'Exp', 'Log', 'Sigmoid', 'Tanh', 'Softplus']
const piecewise = ['Relu', 'Abs', 'Reciprocal']

export function registerElementwise(kernels: KernelSet): void {
  for (const [names, dtype] of [
    [arithmetic, 'float32'],
    [comparisons, 'bool'],
  ] as const)
    for (const name of names) {
      const index = kernels.index(name)
      kernels.register(name, ({ inputs: { a, b }, backend }) => {
        if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined
        return backend.call(index, [a, b], [broadcastShape(a, b)], [], dtype)[0]
      })
    }

  for (const name of [...floating, ...piecewise]) {
    const index = kernels.index(name)
    kernels.register(name, ({ inputs: { x }, backend }) =>
      x.dtype === 'float32' ? backend.call(index, [x], [x.shape], [])[0] : undefined,
    )
  }

  const step = kernels.index('Step')
  kernels.register('Step', ({ inputs: { x }, attributes, backend }) =>
    x.dtype === 'float32' ? backend.call(step, [x], [x.shape], [attributes.alpha as number])[0] : undefined,
  )

  const addAll = kernels.index('AddN')
  kernels.register('AddN', ({ inputs, backend }) => {
    const all = Object.values(inputs)
    if (all.length > 4000 || !all.every((x) => x.dtype === 'float32')) return undefined
    return backend.call(addAll, all, [all[0].shape], [])[0]
  })

  const select = kernels.index('Select')
  kernels.register('Select', ({ inputs: { condition, t, e }, backend }) => {
    if (condition.dtype !== 'bool' || t.dtype !== e.dtype || (t.dtype !== 'float32' && t.dtype !== 'int32'))
      return undefined
    return backend.call(select, [condition, t, e], [t.shape], [], t.dtype)[0]
  })
}

function broadcastShape(a: TensorInfo, b: TensorInfo): number[] {
  const rank = a.shape.length
  if (rank === b.shape.length) {
    let d = 0
    while (d < rank && a.shape[d] === b.shape[d]) d++
    if (d === rank) return a.shape
  }
  return tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
}
