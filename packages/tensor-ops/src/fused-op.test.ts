import { beforeAll, describe, expect, it } from 'vitest'
import {
  defineFusedOp,
  definedFusedOps,
  onFusedOp,
  resolveEngine,
  tf,
  vjp,
  type Tensor,
  type Tensors,
} from './index'

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
  const plain = (t: Tensor) => tf.engine().makeTensor(t.dataSync().slice(), t.shape, 'float32')
  onFusedOp((op) => {
    if (!['TestCube', 'TestCubeGrad'].includes(op.family.name)) return
    tf.registerKernel({
      kernelName: op.name,
      backendName: 'cpu',
      kernelFunc: ({ inputs }) => {
        calls.push(op.name)
        const x = (inputs.x as Tensor).dataSync()
        const filled = (f: (i: number) => number) => plain(tf.tensor1d(Array.from(x, (_, i) => f(i))))
        if (op.family.name === 'TestCube') return [filled((i) => x[i] ** 3), filled((i) => x[i] / 2)]
        const dy = (inputs.d_y as Tensor | undefined)?.dataSync()
        const dHalf = (inputs.d_half as Tensor | undefined)?.dataSync()
        const grads: Record<string, () => Tensor> = {
          grad_x: () => filled((i) => (dy ? dy[i] * 3 * x[i] ** 2 : 0) + (dHalf ? dHalf[i] / 2 : 0)),
          grad_unused: () => filled(() => 0),
        }
        return op.outputs.map((name) => grads[name]()) as never
      },
    })
  })
})

const y = (x: Tensor) => cube({ x, unused: tf.ones([1]) }).y
const pull = (f: (x: Tensor) => Tensor) => (x: Tensor) =>
  vjp((v: Tensor) => ({ value: f(v) }), x).pull(tf.ones([1]))

describe('a fused op', () => {
  it('runs the kernel, and the variant of its gradient that computes what is wanted', () => {
    calls.length = 0
    expect(pull(y)(tf.tensor1d([2])).dataSync()[0]).toBe(12)
    expect(calls).toEqual(['TestCube', 'TestCubeGrad(d_y)->(grad_x)'])
  })

  it('has derivatives of every order beyond its kernels', () => {
    expect(pull(pull(y))(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(12, 5)
    expect(pull(pull(pull(y)))(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(6, 5)
  })

  it("works with tfjs's own tf.grad", () => {
    const second = tf.grad((x) => tf.sum(tf.grad((v) => tf.sum(y(v)))(x)))
    expect(second(tf.tensor1d([2])).dataSync()[0]).toBeCloseTo(12, 5)
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

  it('is listed once, without its gradients', () => {
    expect(definedFusedOps().map((op) => op.name)).toEqual(['TestCube'])
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
