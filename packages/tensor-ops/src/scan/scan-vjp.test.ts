import { beforeAll, describe, expect, it } from 'vitest'
import '../engine/cpu'
import { resolveEngine } from '../engine/registry'
import { vjp } from '../autodiff/vjp'
import { liveBytes, liveTensors } from '../memory'
import { tf, type Tensor } from '../tf'
import { disposeTree, treeLeaves } from '../tree'
import { GradientSum } from './gradient-sum'
import { scanVjp, type ScanStep } from './scan-vjp'
import { TapeBudget } from './tape-budget'

beforeAll(() => resolveEngine('cpu'))

type Carry = { h: Tensor }
type Input = { x: Tensor }
type Output = { y: Tensor }
type Given = { params: { w: Tensor }; carry: Carry; input: Input }

const owner = {}
const length = 7

const stepOf = ({ params, carry, input }: Given, gain: Tensor) => {
  const h = tf.tanh(tf.add(tf.mul(carry.h, params.w), tf.mul(gain, input.x)))
  return { h, y: tf.sum(tf.square(tf.exp(h))) }
}

function subject() {
  const w = tf.tensor1d([0.5, -1.25, 2])
  const start = { h: tf.tensor1d([0.1, 0.2, -0.3]) as Tensor }
  const data = { gain: tf.scalar(0.7) as Tensor }
  const xs = Array.from({ length }, (_, i): Tensor => tf.tensor1d([i / 5, -0.4, 1 / (i + 1)]))
  const steps = xs.map((x, i): ScanStep<Carry, Input, Output, Tensor> => ({
    key: { owner, key: 'step' },
    params: { w },
    input: { x },
    data,
    run(given: Given, { gain }: typeof data) {
      const { h, y } = stepOf(given, gain)
      const last = i === length - 1
      return { value: { ...(!last && { carry: { h } }), output: { y } }, aux: tf.mul(h, 2) }
    },
  }))
  return { w: w as Tensor, start, data, xs, steps }
}

async function pulled(tapes: TapeBudget, stride = 1, shared?: boolean) {
  const { w, start, data, xs, steps } = subject()
  const outputs: number[] = []
  const sum = new GradientSum()
  const scan = await scanVjp(steps, start, {
    tapes,
    keeps: (step) => step % stride === 0,
    shared,
    onStep({ output, aux }) {
      outputs.push(output.y.dataSync()[0])
      disposeTree([output.y, aux])
    },
  })
  const { carry, inputs } = await scan.pull({ output: () => ({ y: tf.scalar(0.5) }) }, sum)
  scan.dispose()
  const gradients = [sum.take(w), carry.h, ...inputs.map(({ x }) => x)]
  const values = gradients.map((leaf) => [...leaf.dataSync()])
  disposeTree([gradients, w, start, data, xs])
  return { outputs, values }
}

describe('a scan', () => {
  it('has the outputs and the gradients of one vjp over all its steps', async () => {
    const { w, start, data, xs } = subject()
    const whole = vjp(
      (all: { w: Tensor; h: Tensor; xs: Tensor[] }) => {
        let { h } = all
        const ys = all.xs.map((x) => {
          const next = stepOf({ params: { w: all.w }, carry: { h }, input: { x } }, data.gain)
          h = next.h
          return next.y
        })
        return { value: ys }
      },
      { w, h: start.h, xs },
    )
    const outputs = whole.value.map((y) => y.dataSync()[0])
    const gradients = treeLeaves(whole.pull(xs.map(() => tf.scalar(0.5)))).map((leaf) => [...leaf.dataSync()])
    const scanned = await pulled(new TapeBudget(Infinity), 1, true)
    expect(scanned.outputs).toEqual(outputs)
    scanned.values.forEach((values, i) =>
      values.forEach((value, j) => expect(value).toBeCloseTo(gradients[i][j], 5)),
    )
  })

  it.each([0, 1, 60, 200, 1000, Infinity])(
    'has the same bits with %i bytes for tapes and any stride, and leaves nothing behind',
    async (bytes) => {
      const expected = await pulled(new TapeBudget(Infinity))
      const before = liveTensors()
      for (const stride of [1, 2, 3, 20])
        expect(await pulled(new TapeBudget(bytes), stride)).toEqual(expected)
      expect(liveTensors()).toBe(before)
    },
  )

  it('has the same bits where a part of the carries lasts, which stands once then', async () => {
    type Written = { rows: Tensor; h: Tensor }
    const [size, width] = [6, 50]
    // Each step adds to a row of its own and reads those before it, so that later rows are none of its business.
    const walk = async (lasts: boolean, stride: number) => {
      const steps = Array.from({ length: size }, (_, i): ScanStep<Written, Input, Output> => {
        const [before, own] = [(at: number) => Number(at < i), (at: number) => Number(at === i)].map(
          (chosen) => tf.tensor2d(Array.from({ length: size }, (_, at) => [chosen(at)])),
        )
        return {
          key: { owner: {}, key: 'step' },
          params: {},
          input: { x: tf.fill([width], 0.1 * (i + 1)) },
          data: { before, own },
          run({ carry, input }) {
            const h = tf.tanh(tf.add(tf.add(carry.h, input.x), tf.sum(tf.mul(carry.rows, before), 0)))
            const others = tf.sub(1, own)
            const rows = tf.add(tf.mul(carry.rows, others), tf.mul(own, tf.expandDims(h, 0)))
            return { value: { carry: { rows, h }, output: { y: tf.sum(h) } } }
          },
        }
      })
      const start = { rows: tf.zeros([size, width]) as Tensor, h: tf.zeros([width]) as Tensor }
      const before = liveBytes()
      const scan = await scanVjp(steps, start, {
        tapes: new TapeBudget(0),
        keeps: (step) => step % stride === 0,
        ...(lasts && { lasts: (path: string) => path === 'rows' }),
      })
      const held = liveBytes() - before
      const last = { rows: tf.ones([size, width]) as Tensor, h: tf.ones([width]) as Tensor }
      const sum = new GradientSum()
      const { carry, inputs } = await scan.pull({ output: () => ({ y: tf.scalar(1) }), carry: last }, sum)
      scan.dispose()
      const values = [carry, ...inputs].flatMap((tree) =>
        treeLeaves(tree).map((leaf) => [...leaf.dataSync()]),
      )
      disposeTree([carry, inputs, start, steps.map(({ input, data }) => [input, data])])
      return { values, held }
    }
    const tensors = liveTensors()
    const bytes = 4 * width
    for (const stride of [1, 2, 4]) {
      const [apart, together] = [await walk(false, stride), await walk(true, stride)]
      expect(together.values).toEqual(apart.values)
      const kept = Math.floor((size - 1) / stride) + 1
      expect(apart.held).toBe(kept * (size + 1) * bytes)
      expect(together.held).toBe((kept + size) * bytes)
    }
    expect(liveTensors()).toBe(tensors)
  })

  it('holds more tapes with a larger budget, and never more than it', async () => {
    const held = async (bytes: number) => {
      const { w, start, data, xs, steps } = subject()
      const before = liveBytes()
      const scan = await scanVjp(steps, start, {
        tapes: new TapeBudget(bytes),
        keeps: () => false,
      })
      const after = liveBytes() - before
      scan.dispose()
      disposeTree([w, start, data, xs])
      return after
    }
    const everything = await held(Infinity)
    const half = await held(everything / 2)
    expect(half).toBeLessThanOrEqual(everything / 2)
    expect(half).toBeGreaterThan(await held(0))
  })

  it('frees everything when a pause throws, forwards or backwards', async () => {
    for (const end of [3, length + 3]) {
      const { w, start, data, xs, steps } = subject()
      const sum = new GradientSum()
      const before = liveTensors()
      let pauses = 0
      const pause = async () => {
        if (++pauses === end) throw new Error('enough')
      }
      const running = scanVjp(steps, start, { tapes: new TapeBudget(Infinity), pause }).then((scan) =>
        scan.pull({ output: () => ({ y: tf.scalar(1) }) }, sum).finally(() => scan.dispose()),
      )
      await expect(running).rejects.toThrow('enough')
      sum.dispose()
      expect(liveTensors()).toBe(before)
      disposeTree([w, start, data, xs])
    }
  })
})
