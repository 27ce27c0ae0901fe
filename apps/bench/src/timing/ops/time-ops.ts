import type { OpName } from '@ttt-e2e/kernels/cases'
import { shapesOf, tf, type Tensors } from '@ttt-e2e/tensor-ops'
import { peakProduct, type PeakProduct } from '@ttt-e2e/training'
import type { SpeedSizeName } from '../sizes'
import { interleave, medianSeconds, type InterleaveOptions } from '../interleave'
import type { Measuring } from '../record'
import { bytesMoved, opOrders, orderNames, type OpOrder } from './op-orders'
import { timedOps, type TimedOp } from './timed-ops'
import { productForms, type ProductForm } from './product-forms'
import { repeated, type Repeated } from './repeated'

/** How fast an op, or a gradient of it, is at one shape. */
export interface OpSpeed {
  engine: string
  size: SpeedSizeName
  op: string
  shape: string
  order: (typeof orderNames)[number]
  /** Median of one call. */
  seconds: number
  /** Of the products in it, or of values moved. */
  rate: { unit: 'GFLOP/s' | 'GB/s'; value: number }
  /** Against the same engine's large product, or its large copy, run in turn. */
  shareOfPeak: number
  /** The reference's time ÷ the kernel's, on the same engine; absent for products. */
  timesReference?: number
  /** Why the reference ran instead of a kernel. */
  withoutKernel?: string
}

/** Values of the array whose copy measures how fast memory is. */
const copied = 2 ** 24
const copy = ({ values }: Tensors): Tensors => ({ y: tf.mul(values, 2) })

interface Request {
  engine: string
  size: SpeedSizeName
  ops: readonly OpName[]
  /** Whether products of matrices are timed, too. */
  products: boolean
  reps: number
}

/** What the engine reaches at its best: runs in turn with what is timed. */
interface Peaks {
  product: PeakProduct
  copy: Repeated
}

/** Times ops, and products of matrices, on the active engine. @param speeds gets each one when it is timed */
export async function timeOps(
  { engine, size, ops, products, reps }: Request,
  { progress, signal }: Pick<Measuring<unknown>, 'progress' | 'signal'>,
  speeds: OpSpeed[],
): Promise<void> {
  const values = tf.ones([copied])
  const peaks: Peaks = { product: await peakProduct(), copy: await repeated('copy', { values }, copy) }
  const turns = { rounds: reps, signal, onTurn: (name: string) => progress.update(`${size} · ${name}`) }
  try {
    for (const op of ops)
      for (const timed of timedOps(op, size))
        for (const timing of await timeOp(op, timed, peaks, turns))
          speeds.push({ engine, size, op, ...timing })
    for (const form of products ? productForms(size) : [])
      speeds.push({ engine, size, op: 'product', ...(await timeProduct(form, peaks, turns)) })
  } finally {
    peaks.product.dispose()
    values.dispose()
  }
}

type Timing = Omit<OpSpeed, 'engine' | 'size' | 'op'>

async function timeOp(
  name: string,
  timed: TimedOp,
  peaks: Peaks,
  turns: InterleaveOptions,
): Promise<Timing[]> {
  const { op, example } = timed
  const orders = tf.tidy(() => opOrders(op, example) as never) as OpOrder[]
  const timings: Timing[] = []
  try {
    for (const each of orders)
      timings.push(await timeOrder(`${name} · ${example.name}`, each, timed, peaks, turns))
    return timings
  } finally {
    tf.dispose(orders.map(({ inputs }) => inputs))
  }
}

async function timeOrder(
  title: string,
  each: OpOrder,
  { example, flops }: TimedOp,
  { product, copy }: Peaks,
  turns: InterleaveOptions,
): Promise<Timing> {
  const { op, inputs, order } = each
  const { attributes, name: shape } = example
  const verdict = op.kernelFor(shapesOf(inputs), attributes)
  const own = await repeated(`${title} · ${orderNames[order]}`, inputs, (given) => op(given, attributes))
  const reference = () =>
    repeated(`${own.name} · reference`, inputs, (given) => op.reference(given, attributes))
  const beside = verdict === true ? [await reference()] : []
  const [peak, ours, theirs] = await interleave([flops ? product : copy, own, ...beside], turns)
  const seconds = medianSeconds(ours) / own.repeats
  const rate = (flops ? flops[order] : bytesMoved(each, example)) / seconds
  const peakRate = (flops ? product.flops : copy.repeats * 2 * 4 * copied) / medianSeconds(peak)
  return {
    shape,
    order: orderNames[order],
    seconds,
    rate: { unit: flops ? 'GFLOP/s' : 'GB/s', value: rate / 1e9 },
    shareOfPeak: rate / peakRate,
    ...(theirs
      ? { timesReference: medianSeconds(theirs) / beside[0].repeats / seconds }
      : { withoutKernel: String(verdict) }),
  }
}

async function timeProduct(form: ProductForm, { product }: Peaks, turns: InterleaveOptions): Promise<Timing> {
  try {
    const own = await repeated(`product ${form.name}`, form.inputs, form.multiply)
    const [peak, ours] = await interleave([product, own], turns)
    const seconds = medianSeconds(ours) / own.repeats
    const rate = form.flops / seconds
    return {
      shape: form.name,
      order: 'forward',
      seconds,
      rate: { unit: 'GFLOP/s', value: rate / 1e9 },
      shareOfPeak: rate / (product.flops / medianSeconds(peak)),
    }
  } finally {
    tf.dispose(form.inputs)
  }
}
