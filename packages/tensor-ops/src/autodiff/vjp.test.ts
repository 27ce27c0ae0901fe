import { beforeAll, describe, expect, it } from 'vitest'
import {
  disposeTree,
  liveTensors,
  resolveEngine,
  tf,
  vjp,
  vjpProgram,
  type Tensor,
  type TensorTree,
  type Vjp,
} from '../index'
import { derivative, inFloat64, leakedTensors } from '../testing'

beforeAll(() => resolveEngine('cpu'))

const values = (x: Tensor) => Array.from(x.dataSync())

const once =
  (differentiate: typeof vjpProgram): typeof vjp =>
  <X extends TensorTree, Y extends TensorTree, A>(
    f: (inputs: X) => { value: Y; aux?: A },
    inputs: X,
  ): Vjp<X, Y, A> =>
    differentiate({ owner: {}, key: 'once' }, f, inputs, {})

describe.each([
  ['vjp', vjp],
  ['vjpProgram', once(vjpProgram)],
])('%s', (_, differentiate) => {
  it('pulls cotangents of several outputs back to several inputs', () => {
    const a = tf.tensor1d([1, 2])
    const b = tf.tensor1d([3, 5])
    const { value, pull } = differentiate(
      (x: { a: Tensor; b: Tensor }) => ({ value: { sum: tf.add(x.a, x.b), product: tf.mul(x.a, x.b) } }),
      { a, b },
    )
    expect(values(value.product)).toEqual([3, 10])
    const gradients = pull({ sum: tf.tensor1d([1, 1]), product: tf.tensor1d([10, 100]) })
    expect(values(gradients.a)).toEqual([31, 501])
    expect(values(gradients.b)).toEqual([11, 201])
  })

  it('takes a missing cotangent as zero and gives zeros where nothing depends', () => {
    const { pull } = differentiate(
      (x: { a: Tensor; unused: Tensor }) => ({ value: [tf.square(x.a), tf.exp(x.a)] }),
      { a: tf.tensor1d([3]), unused: tf.ones([2, 2]) },
    )
    const gradients = pull([tf.tensor1d([1]), null])
    expect(values(gradients.a)).toEqual([6])
    expect(values(gradients.unused)).toEqual([0, 0, 0, 0])
  })

  it('keeps auxiliary outputs, tensors or not', () => {
    const { aux } = differentiate(
      (x: Tensor) => ({ value: tf.sum(x), aux: { twice: tf.mul(x, 2), note: 'kept' } }),
      tf.ones([2]),
    )
    expect(aux.note).toBe('kept')
    expect(values(aux.twice)).toEqual([2, 2])
  })

  it('gives outputs of their own where the function returns its input', () => {
    const x = tf.tensor1d([4])
    const { value, pull } = differentiate((y: Tensor) => ({ value: y }), x)
    value.dispose()
    expect(values(x)).toEqual([4])
    expect(values(pull(tf.tensor1d([7])))).toEqual([7])
  })

  it('leaves no tensor behind but those it returns', () => {
    const x = tf.tensor1d([1, 2])
    const cotangent = tf.ones([2])
    const before = liveTensors()
    const { value, pull } = differentiate((y: Tensor) => ({ value: tf.tanh(tf.mul(tf.exp(y), y)) }), x)
    const gradient = pull(cotangent)
    expect(liveTensors() - before).toBe(2)
    disposeTree([value, gradient])
    expect(liveTensors()).toBe(before)
  })

  it('names the output whose cotangent has the wrong shape', () => {
    const { pull } = differentiate((y: Tensor) => ({ value: tf.exp(y) }), tf.ones([2]))
    expect(() => pull(tf.ones([3]))).toThrow(
      'the cotangent of an output is float32 [3], it must be float32 [2]',
    )
  })
})

describe('nested vjps', () => {
  it('treat their inputs as independent variables', () => {
    const x = tf.scalar(3)
    // d/dx of (∂/∂z z·y at z = x, with y = x² held outside) = d/dx x² = 2x
    const outer = vjp((a: Tensor) => {
      const y = tf.square(a)
      return { value: vjp((z: Tensor) => ({ value: tf.mul(z, y) }), a).pull(tf.scalar(1)) }
    }, x)
    expect(values(outer.value)).toEqual([9])
    expect(values(outer.pull(tf.scalar(1)))).toEqual([6])
  })

  it('hold one tape each at the outermost level', () => {
    const first = vjp((y: Tensor) => ({ value: tf.exp(y) }), tf.scalar(1))
    const second = vjp((y: Tensor) => ({ value: tf.square(y) }), tf.scalar(5))
    expect(values(first.pull(tf.scalar(1)))[0]).toBeCloseTo(Math.E, 5)
    expect(values(second.pull(tf.scalar(1)))).toEqual([10])
  })

  it('pull as often as was asked for, and hold nothing afterwards', () => {
    const x = tf.scalar(3)
    const leaked = leakedTensors(() => {
      const { value, pull, dispose } = vjp((y: Tensor) => ({ value: tf.square(y) }), x, { pulls: 'many' })
      for (const cotangent of [1, 2]) {
        const gradient = tf.tidy(() => pull(tf.scalar(cotangent)))
        expect(values(gradient)).toEqual([6 * cotangent])
        gradient.dispose()
      }
      value.dispose()
      dispose()
    })
    expect(leaked).toBe(0)
    x.dispose()
  })

  it('free the tape when the function throws', () => {
    const x = tf.tensor1d([1])
    const leaked = leakedTensors(() =>
      expect(() =>
        vjp((y: Tensor) => {
          tf.exp(y)
          throw new Error('stop')
        }, x),
      ).toThrow('stop'),
    )
    expect(leaked).toBe(0)
  })

  it('give the gradient of a loss after two steps of gradient descent', () => {
    inFloat64(() =>
      tf.tidy(() => {
        const target = tf.tensor1d([0, 1, 0])
        const loss = (w: Tensor) => tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(tf.mul(w, tf.sigmoid(w))))))
        const afterSteps = (w: Tensor) => {
          for (let i = 0; i < 2; i++)
            w = tf.sub(w, vjp((v: Tensor) => ({ value: loss(v) }), w).pull(tf.scalar(1)))
          return loss(w)
        }
        const w = tf.tensor1d([0.4, -0.3, 1.1])
        const direction = tf.tensor1d([1, -2, 0.5])
        const gradient = vjp((v: Tensor) => ({ value: afterSteps(v) }), w).pull(tf.scalar(1))
        const along = tf.sum(tf.mul(gradient, direction)).dataSync()[0]
        const expected = derivative((step) =>
          tf.tidy(() => afterSteps(tf.add(w, tf.mul(direction, step))).dataSync()[0]),
        )
        expect(Math.abs(along - expected)).toBeLessThan(1e-8)
        expect(Math.abs(expected)).toBeGreaterThan(0.05)
      }),
    )
  })
})
