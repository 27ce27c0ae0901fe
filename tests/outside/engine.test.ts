import '@ttt-e2e/kernels/engines'
import {
  defineFusedOp,
  engineMemory,
  engineNames,
  profileKernels,
  registerEngine,
  registerFusedKernels,
  resolveEngine,
  tf,
  type FusedOp,
  type Shapes,
} from '@ttt-e2e/tensor-ops'
import { makeInputs } from '@ttt-e2e/tensor-ops/op-check'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, describe, expect, it } from 'vitest'

/** y = x² · weight, x [..., D], weight [D]. */
const weighedSquare = defineFusedOp({
  name: 'OutsideWeighedSquare',
  inputs: ['x', 'weight'],
  outputs: ['y'],
  outputShapes: ({ x }: Shapes) => ({ y: x }),
  inputShapes: ({ x }: Shapes) => ({ x, weight: [x[x.length - 1]] }),
  reference: ({ x, weight }) => ({ y: tf.mul(tf.square(x), weight) }),
})
const cases = [
  { name: 'rows', shapes: { x: [3, 5], weight: [5] } },
  { name: 'one value', shapes: { x: [1], weight: [1] } },
  { name: 'wider than the kernel takes', shapes: { x: [2, 9], weight: [9] } },
]

/** tfjs's kernels on a backend of its own, and two kernels for the op. */
type Backend = ReturnType<typeof tf.backend> & {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo
}
registerEngine({
  name: 'outside',
  rank: 5,
  probe: async () => true,
  async create() {
    if (!tf.findBackendFactory('outside')) {
      tf.registerBackend('outside', tf.findBackendFactory('cpu'))
      tf.copyRegisteredKernels('cpu', 'outside')
    }
    return 'an engine from outside'
  },
  memory: () => ({ live: tf.memory().numBytes, reserved: 1e6, limit: 1e9 }),
})
const valuesOf = (backend: Backend, info: tf.TensorInfo) => backend.readSync(info.dataId) as Float32Array

registerFusedKernels<Backend>('outside', ({ name }) => {
  const supports = ({ weight: [width] }: Shapes) =>
    width <= 8 || `it takes rows of at most 8 values, not ${width}`
  if (name === 'OutsideWeighedSquare')
    return {
      supports,
      run({ inputs, outputShapes: [shape], backend }) {
        const [x, weight] = inputs.map((info) => valuesOf(backend, info!))
        const y = x.map((value, i) => value * value * weight[i % weight.length])
        return [backend.makeTensorInfo(shape!, 'float32', y)]
      },
    }
  if (name === 'OutsideWeighedSquareGrad')
    return {
      supports,
      // A variant has those gradients that are wanted.
      run({ inputs, outputShapes: [ofX, ofWeight], backend }) {
        const [x, weight, d] = inputs.map((info) => valuesOf(backend, info!))
        const gradients: tf.TensorInfo[] = []
        if (ofX) {
          const gradient = x.map((value, i) => 2 * value * weight[i % weight.length] * d[i])
          gradients.push(backend.makeTensorInfo(ofX, 'float32', gradient))
        }
        if (ofWeight) {
          const gradient = new Float32Array(weight.length)
          x.forEach((value, i) => (gradient[i % weight.length] += value * value * d[i]))
          gradients.push(backend.makeTensorInfo(ofWeight, 'float32', gradient))
        }
        return gradients
      },
    }
  return undefined
})

// On every engine: this one and those of the packages.
runOpSuite(weighedSquare, cases)

describe('an engine from outside', () => {
  afterAll(() => resolveEngine('cpu'))

  it('is listed and chosen by its rank', async () => {
    expect(engineNames()).toEqual(['outside', 'native', 'webgpu', 'tensorflow', 'wasm', 'cpu'])
    const { line, hasOwnKernel } = await resolveEngine('auto')
    expect(line).toBe('engine: outside (an engine from outside)')
    expect(hasOwnKernel('OutsideWeighedSquare')).toBe(true)
  })

  it('runs its own kernels of a fused op and of its gradient, where they take the shapes', async () => {
    await resolveEngine('outside')
    const ran = async (shapes: Shapes) => {
      const { profile } = await profileKernels(() =>
        tf.tidy(() => {
          const { x, weight } = makeInputs(weighedSquare as FusedOp, { name: 'any', shapes })
          tf.grad((given) => tf.sum(weighedSquare({ x: given as typeof x, weight }).y))(x)
        }),
      )
      return profile.byKernel.map((kernel) => kernel.name).filter((name) => name.startsWith('Outside'))
    }
    expect((await ran({ x: [3, 5], weight: [5] })).sort()).toEqual([
      'OutsideWeighedSquare',
      'OutsideWeighedSquareGrad',
    ])
    expect(await ran({ x: [2, 9], weight: [9] })).toEqual([])
    expect(weighedSquare.kernelFor({ x: [2, 9], weight: [9] })).toBe(
      'it takes rows of at most 8 values, not 9',
    )
  })

  it('says what memory it holds', async () => {
    await resolveEngine('outside')
    const before = engineMemory().live
    const x = tf.ones([4])
    expect(engineMemory()).toEqual({ live: before + 16, reserved: 1e6, limit: 1e9 })
    x.dispose()
  })
})
