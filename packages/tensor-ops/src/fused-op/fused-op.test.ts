import { beforeAll, describe, expect, it } from 'vitest'
import {
  atLeast,
  defineFusedOp,
  definedFusedOps,
  multipleOf,
  registerFusedKernels,
  resolveEngine,
  tf,
  vjp,
  type Tensor,
  type Tensors,
} from '../index'

/** y = x³ with kernels that count their calls, up to the gradient: the gradient's gradient is the reference's. */
const cube = defineFusedOp({
  name: 'TestCube',
  inputs: ['x', 'unused'],
  outputs: ['y', 'half'],
  outputShapes: ({ x }) => ({ y: x, half: x }),
  reference: ({ x, unused }: Tensors) => ({
    y: tf.add(tf.mul(tf.square(x), x), tf.mul(unused, 0)),
    half: tf.mul(x, 0.5),
  }),
  memo: ['y'],
})
const calls: string[] = []

beforeAll(async () => {
  await resolveEngine('cpu')
  const valuesOf = (info?: tf.TensorInfo) => info && (tf.backend().readSync(info.dataId) as Float32Array)
  const filled = ({ length }: Float32Array, f: (i: number) => number) =>
    tf.engine().makeTensor(
      Float32Array.from({ length }, (_, i) => f(i)),
      [length],
      'float32',
    )
  registerFusedKernels('cpu', ({ name }) => {
    if (name === 'TestCube')
      return {
        run({ inputs: [x] }) {
          calls.push(name)
          const value = valuesOf(x)!
          return [filled(value, (i) => value[i] ** 3), filled(value, (i) => value[i] / 2)]
        },
        supports: ({ x }) => x[0] < 4 || `it takes 3 values, not ${x[0]}`,
      }
    if (name === 'TestCubeGrad')
      return {
        run({ inputs, outputShapes }) {
          const [x, , dy, dHalf] = inputs.map(valuesOf)
          const wanted = ['grad_x', 'grad_unused'].filter((_, i) => outputShapes[i])
          calls.push(`${name} of ${wanted}`)
          const gradients: Record<string, (i: number) => number> = {
            grad_x: (i) => (dy ? dy[i] * 3 * x![i] ** 2 : 0) + (dHalf ? dHalf[i] / 2 : 0),
            grad_unused: () => 0,
          }
          return wanted.map((each) => filled(x!, gradients[each]))
        },
      }
    return undefined
  })
})

const y = (x: Tensor) => cube({ x, unused: tf.ones([1]) }).y
const pull = (f: (x: Tensor) => Tensor) => (x: Tensor) =>
  vjp((v: Tensor) => ({ value: f(v) }), x).pull(tf.ones([1]))

describe('a fused op', () => {
  it('runs the kernel, and the variant of its gradient that computes what is wanted', () => {
    calls.length = 0
    expect(pull(y)(tf.tensor1d([2])).dataSync()[0]).toBe(12)
    expect(calls).toEqual(['TestCube', 'TestCubeGrad of grad_x'])
  })

  it('has derivatives of every order beyond its kernels', () => {
    expect(pull(pull(y))(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(12, 5)
    expect(pull(pull(pull(y)))(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(6, 5)
  })

  it("works with tfjs's own tf.grad", () => {
    const second = tf.grad((x) => tf.sum(tf.grad((v) => tf.sum(y(v)))(x)))
    expect(second(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(12, 5)
  })

  it('refuses arguments that its definition does not allow', () => {
    const scaled = defineFusedOp({
      name: 'TestScaled',
      inputs: ['x', 'rows'],
      differentiable: ['x'],
      outputs: ['y'],
      attributes: { factor: 1, count: 1 },
      outputShapes: ({ x }) => ({ y: x }),
      inputShapes: ({ x: [rows, width] }) => ({ x: [rows, multipleOf(width, 2)], rows: [atLeast(1, rows)] }),
      integers: ['rows'],
      wholeNumbers: { count: 1 },
      reference: ({ x }, { factor }) => ({ y: tf.mul(x, factor) }),
    })
    const [x, rows] = [tf.ones([3, 4]), tf.ones([3], 'int32')]
    expect(scaled({ x, rows }).y.shape).toEqual([3, 4])
    expect(() => scaled({ x })).toThrow('TestScaled: the input rows is missing')
    expect(() => scaled({ x, rows: tf.ones([3]) })).toThrow(
      'TestScaled: the input rows is of type float32, it must be int32',
    )
    expect(() => scaled({ x, rows: tf.ones([2], 'int32') })).toThrow(
      'TestScaled: the input rows has the shape [2], beside the others it must be [3]',
    )
    expect(() => scaled({ x: tf.ones([3]), rows })).toThrow(
      '[3], beside the others it must be [3, a multiple of 2]',
    )
    expect(() => scaled({ x: tf.ones([3, 5]), rows })).toThrow('it must be [3, a multiple of 2]')
    expect(() => scaled({ x: tf.ones([0, 4]), rows: tf.ones([0], 'int32') })).toThrow(
      'it must be [at least 1]',
    )
    expect(() => scaled({ x, rows }, { count: 0.5 })).toThrow(
      'TestScaled: the attribute count is 0.5, it must be a whole number from 1 on',
    )
    expect(() => scaled({ x, rows }, { factor: NaN })).toThrow(
      'the attribute factor is NaN, it must be a number',
    )
    // A cotangent has its output's shape.
    expect(() => scaled.gradient()({ x, rows, d_y: tf.ones([4, 3]) })).toThrow(
      'TestScaledGrad: the input d_y has the shape [4, 3], beside the others it must be [3, 4]',
    )
  })

  it('says what its engine runs', () => {
    expect(cube.kernelFor({ x: [1], unused: [1] })).toBe(true)
    expect(
      cube
        .gradient()
        .gradient()
        .kernelFor({ x: [1] }),
    ).toContain("no kernel 'TestCubeGradGrad'")
  })

  it('runs the reference where the kernel says that it does not take these shapes', () => {
    calls.length = 0
    const x = tf.tensor1d([1, 2, 3, 4])
    const { y: cubes } = cube({ x, unused: tf.ones([1]) })
    expect([...cubes.dataSync()]).toEqual([1, 8, 27, 64])
    expect(calls).toEqual([])
    expect(cube.kernelFor({ x: [4], unused: [1] })).toBe('it takes 3 values, not 4')
  })

  it('is listed once, without its gradients', () => {
    expect(definedFusedOps().map((op) => op.name)).toEqual(['TestCube', 'TestScaled'])
    expect(() =>
      defineFusedOp({
        name: 'TestCube',
        inputs: ['x'],
        outputs: ['y'],
        outputShapes: () => ({}),
        reference: () => ({}),
      }),
    ).toThrow("a fused op 'TestCube' is already defined")
  })
})
