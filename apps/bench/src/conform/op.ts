import {
  linear,
  attention,
  rmsNormOp,
  ropeOp,
  swigluOp,
  attentionOp,
  linearCrossEntropyOp,
  swiglu,
} from '@ttt-e2e/kernels/ops'
import { fromPlainTensor, tf, vjp, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { Comparisons, tensorsUnder, type GoldenCase, type Verdict } from './golden-case'

type Run = (inputs: Tensors, attributes: Record<string, number>) => Tensor

/** One position for every sequence of x. */
const allAt = (position: number, x: Tensor) => tf.fill([x.shape[0]], position, 'int32')

const ops: Record<string, Run> = {
  rms_norm: (inputs, { eps }) => rmsNormOp(inputs, { epsilon: eps }).y,
  swiglu: (inputs) => swigluOp(inputs).y,
  rope: (inputs, { theta, offset }) => ropeOp({ ...inputs, position: allAt(offset, inputs.x) }, { theta }).y,
  attention: (inputs, { window = 0, offset = 0 }) =>
    attentionOp({ ...inputs, offset: allAt(offset, inputs.q) }, { window }).y,
  attention_sink: ({ q, k, v, sinks }, { window = 0, offset = 0 }) =>
    attention(q, k, v, { window, offset: allAt(offset, q), sinks }),
  linear_cross_entropy: (inputs) => linearCrossEntropyOp(inputs).losses,
  mlp: ({ x, w1, w3, w2 }) => linear(swiglu(linear(x, w1), linear(x, w3)), w2),
}

const forwardTolerance = 1e-5
const gradientTolerance = 5e-5

/** Forward, gradient and gradient of the gradient of one op. Undefined where the op isn't known. */
export async function conformOp(golden: GoldenCase): Promise<Verdict | undefined> {
  const run = ops[String(golden.description.op)]
  if (!run) return undefined
  const attributes = (golden.description.attrs ?? {}) as Record<string, number>
  const comparisons = new Comparisons()
  tf.tidy(() => {
    const variables = tensorsUnder(golden, 'input')
    const constants = tensorsUnder(golden, 'attr')
    const { cotangent } = golden.tensors
    const start: Tensors = { ...variables, cotangent: fromPlainTensor(cotangent) }
    const gradients = (x: Tensors): Tensors => {
      const { cotangent: dy, ...inputs } = x
      return vjp((y: Tensors) => ({ value: run({ ...y, ...constants }, attributes) }), inputs).pull(dy)
    }
    const output = run({ ...variables, ...constants }, attributes)
    comparisons.compareTensor('output', output, golden.tensors.output.values, forwardTolerance)
    const second = vjp((x: Tensors) => ({ value: gradients(x) }), start)
    const compareAll = (prefix: string, tensors: Tensors) => {
      for (const [name, tensor] of Object.entries(tensors)) {
        const expected = golden.tensors[`${prefix}.${name}`]
        if (expected)
          comparisons.compareTensor(`${prefix}.${name}`, tensor, expected.values, gradientTolerance)
      }
    }
    compareAll('grad', second.value)
    compareAll('grad_grad', second.pull(tensorsUnder(golden, 'grad_cotangent')))
  })
  await comparisons.readAll()
  return comparisons.result()
}
