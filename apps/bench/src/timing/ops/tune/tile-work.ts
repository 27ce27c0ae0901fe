import { opSuites } from '@ttt-e2e/kernels/cases'
import type { TiledKernel } from '@ttt-e2e/kernels/engines/webgpu'
import {
  disposeTree,
  readTensors,
  relativeError,
  tf,
  type FusedOp,
  type Precision,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { checkOp, type OpCase, type Tolerance } from '@ttt-e2e/tensor-ops/op-check'
import { interleave, medianSeconds } from '../../interleave'
import type { SpeedSizeName } from '../../sizes'
import { opOrders } from '../op-orders'
import { productForms } from '../product-forms'
import { repeated } from '../repeated'
import { timedOps } from '../timed-ops'
import type { TileWork } from './choose-tiles'

/** A call of a kernel at a shape that models have. */
interface Call {
  name: string
  inputs: Tensors
  run(inputs: Tensors): Tensors
}

/** The op whose kernel it is, and the orders of its gradients that the kernel runs in. */
const ops = {
  product: { name: 'linear', orders: [0, 1, 2] },
  productOfFewRows: { name: 'linear', orders: [0, 1, 2] },
  attention: { name: 'attention', orders: [0] },
  attentionGradient: { name: 'attention', orders: [1] },
  attentionSecondGradient: { name: 'attention', orders: [2] },
  linearCrossEntropy: { name: 'linear-cross-entropy', orders: [0, 1, 2] },
} as const satisfies Record<TiledKernel, { name: keyof typeof opSuites; orders: readonly number[] }>

/** Sums in another order differ by so much at the most, relative to the largest value. */
const mostApart = 1e-4
/** How far products of inputs rounded to f16 may take an op from its reference in f32. */
const ofRounding: Tolerance = { forward: 5e-3, gradient: 1e-2 }

/**
 * What kernels are asked at a size, on the active engine: small cases of the op against its reference, the shapes of models
 * against the results of the sizes that are asked first, and how long those take.
 */
export function tileWork(
  engine: string,
  { size, reps, precision, signal }: { size: SpeedSizeName; reps: number; precision?: Precision; signal?: AbortSignal }, // prettier-ignore
): Record<TiledKernel, TileWork> {
  const workOf = (kernel: TiledKernel): TileWork => {
    let expected: Float32Array[] | undefined
    return {
      async wrong() {
        const { name, orders } = ops[kernel]
        const { op, cases } = opSuites[name]
        for (const example of fewCases(cases)) {
          const tolerance = precision === 'f16' ? ofRounding : undefined
          const asked = { order: orders.at(-1)!, precision, tolerance }
          const { errors } = await checkOp(op as FusedOp, example, engine, asked)
          const worst = errors.find(({ error, limit }) => !(error < limit))
          if (worst) return `${example.name}: ${worst.name} is off by ${worst.error.toExponential(1)}`
        }
        const results = await withCalls(kernel, size, resultsOf)
        // Of the sizes that are tried first.
        expected ??= results
        const apart = Math.max(...results.map((values, i) => relativeError(values, expected![i])))
        return apart <= mostApart
          ? undefined
          : `at the shapes of ${size} it is off by ${apart.toExponential(1)}`
      },
      seconds: () =>
        withCalls(kernel, size, async (calls) => {
          let sum = 0
          for (const { name, inputs, run } of calls) {
            const contender = await repeated(name, inputs, run)
            const [samples] = await interleave([contender], { rounds: reps, signal })
            sum += medianSeconds(samples) / contender.repeats
          }
          return sum
        }),
    }
  }
  return Object.fromEntries((Object.keys(ops) as TiledKernel[]).map((kernel) => [kernel, workOf(kernel)])) as Record<TiledKernel, TileWork> // prettier-ignore
}

const sizeOf = ({ shapes }: OpCase) =>
  Object.values(shapes).reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0)
/** A small one, and one that is larger than a tile. */
function fewCases(cases: readonly OpCase[]): OpCase[] {
  const sorted = cases.toSorted((a, b) => sizeOf(a) - sizeOf(b))
  return [...new Set([sorted[Math.min(1, sorted.length - 1)], sorted[Math.floor(sorted.length / 2)]])]
}

/** Makes the calls of a kernel at a size, for as long as `use` needs them. */
async function withCalls<Result>(
  kernel: TiledKernel,
  size: SpeedSizeName,
  use: (calls: Call[]) => Promise<Result>,
): Promise<Result> {
  const calls = tf.tidy(() => callsOf(kernel, size) as never) as Call[]
  try {
    return await use(calls)
  } finally {
    tf.dispose(calls.map(({ inputs }) => inputs))
  }
}

function callsOf(kernel: TiledKernel, size: SpeedSizeName): Call[] {
  if (kernel === 'product' || kernel === 'productOfFewRows')
    return productForms(size, kernel === 'product' ? undefined : 1).map(({ name, inputs, multiply }) => ({
      name,
      inputs,
      run: multiply,
    }))
  const { name, orders } = ops[kernel]
  return timedOps(name, size).flatMap(({ op, example }) =>
    opOrders(op, example)
      .filter(({ order }) => (orders as readonly number[]).includes(order))
      .map(({ op, inputs }) => ({
        name: example.name,
        inputs,
        run: (given: Tensors) => op(given, example.attributes),
      })),
  )
}

async function resultsOf(calls: readonly Call[]): Promise<Float32Array[]> {
  const results: Float32Array[] = []
  for (const { inputs, run } of calls) {
    const outputs = run(inputs)
    results.push(...((await readTensors(Object.values(outputs))) as Float32Array[]))
    disposeTree(outputs)
  }
  return results
}
