import {
  createRandom,
  resolveEngine,
  tf,
  type Attributes,
  type FusedOp,
  type Shapes,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { derivativesOf, worstRow, type Values } from './chunked-scan/derivatives-testing'
import './engines'
import { compiledTargets } from './engines/compiled/testing'
import { lactShapes } from './lact/cases'
import { lactOp, titansMemoryOp, tttLinearOp, tttMlpOp } from './ops'
import { titansMemoryShapes } from './titans-memory/cases'
import { tttShapes } from './ttt-layer/cases'

interface Kind {
  op: FusedOp
  attributes: Attributes
  shapes(length: number): Shapes
  /** Inputs with a row for each token. */
  tokens: readonly string[]
  /** What gates are drawn from, one of the pools for each example. */
  gates: Readonly<Record<string, readonly (readonly number[])[]>>
  scale: Readonly<Record<string, number>>
}

const rates = [[0, 1e-38, 1e-30, 1e-7, 1e-3, 0.1, 0.5]]
const logits = [
  [-Infinity, -3.4e38, -1e30, -1e4, -100, -30, -3, 0, 2],
  [Infinity, 3.4e38, 1e30, 1e4, 100, 30, 3, 0, -2],
]
const any = (op: unknown) => op as FusedOp
const ttt = (op: unknown, layers: number[]): Kind => ({
  op: any(op),
  attributes: {},
  shapes: (length) => tttShapes({ batch: 2, length, heads: 2, width: 6, miniBatch: 3, layers }),
  tokens: ['q', 'k', 'v', 'rates'],
  gates: {
    rates,
    factors: [
      [0, 1e-38, 1e-30, 0.3, 1],
      [1, 0.5, 1e-7],
    ],
  },
  scale: { w1: 0.5, w2: 0.5, w1Sum: 0.2, w2Sum: 0.2, b1Sum: 0.2, b2Sum: 0.2 },
})

const kinds: Kind[] = [
  {
    op: any(titansMemoryOp),
    attributes: { chunk: 3, gradientsAtStart: 0, epsilon: 0.3 },
    shapes: (length) => titansMemoryShapes(2, length, 4, 3),
    tokens: ['q', 'k', 'v', 'rate', 'momentum', 'decay'],
    gates: { rate: rates, momentum: logits, decay: logits },
    scale: { w0: 0.3, w2: 0.7, s0: 0.2, s1: 0.2, s2: 0.2, g1: 0.3, g2: 0.3 },
  },
  {
    op: any(lactOp),
    attributes: { chunk: 3, preNorm: 0 },
    shapes: (length) => lactShapes(2, length, 3, 4),
    tokens: ['q', 'k', 'v', 'lr', 'momentum'],
    gates: { lr: rates, momentum: [[0, 1e-38, 1e-30, 1e-3, 0.5, 0.9, 1]] },
    scale: { q: 0.7, k: 0.7, v: 0.7, m0: 0.2, m1: 0.2, m2: 0.2, w0: 0.7, w1: 0.7, w2: 0.7 },
  },
  ttt(tttLinearOp, [6]),
  ttt(tttMlpOp, [4, 6]),
]

function draw(kind: Kind, length: number, seed: number): Values {
  const random = createRandom(seed)
  const { position: _, ...shapes } = kind.shapes(length)
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const pool = kind.gates[name]?.[random.integer(kind.gates[name].length)]
      const value = () =>
        pool ? pool[random.integer(pool.length)] : (kind.scale[name] ?? 1) * random.normal()
      return [name, { shape, values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, value) }]
    }),
  )
}

/** Cotangents are drawn in this order. */
const inOrder = ({ outputs }: FusedOp, results: Tensors): Tensors =>
  Object.fromEntries(outputs.map((name) => [name, results[name]]))

/** Everything at once, from inside a chunk on. */
const atOnce = (kind: Kind, call: FusedOp['reference'], position: number) => (x: Tensors) =>
  inOrder(kind.op, call({ ...x, position: positions(kind, x, position) }, kind.attributes))

/** The definition: one token after the other, each from the state that those before left. */
function tokenByToken(kind: Kind, position: number) {
  const { op, tokens, attributes } = kind
  return (x: Tensors): Tensors => {
    const outputs: tf.Tensor[] = []
    let state = x
    let last: Tensors = {}
    for (let t = 0; t < x.q.shape[1]!; t++) {
      const token = Object.fromEntries(
        tokens.map((name) => [name, tf.slice(x[name], x[name].shape.map((_, axis) => (axis === 1 ? t : 0)), x[name].shape.map((size, axis) => (axis === 1 ? 1 : size)))]), // prettier-ignore
      )
      last = op.reference({ ...state, ...token, position: positions(kind, x, position + t) }, attributes)
      const { y, ...after } = last
      outputs.push(y)
      state = {
        ...x,
        ...Object.fromEntries(
          Object.entries(after).map(([name, value]) => [name.replace(/Next$/, ''), value]),
        ),
      }
    }
    return inOrder(op, { ...last, y: tf.concat(outputs, 1) })
  }
}

const positions = (kind: Kind, x: Tensors, position: number) =>
  tf.fill(kind.shapes(x.q.shape[1]!).position, position, 'int32')

afterAll(() => resolveEngine('cpu'))

const cpu = { name: 'cpu', use: async () => void (await resolveEngine('cpu')) }

describe.each(kinds)('$op.name with gates at their extremes', (kind) => {
  const examples = Array.from({ length: 6 }, (_, seed) => {
    const length = 2 + (seed % 5)
    return { position: seed % 4, inputs: draw(kind, length, seed) }
  })
  let truths: Values[] = []
  beforeAll(async () => {
    await resolveEngine('cpu')
    truths = examples.map(({ inputs, position }) =>
      inFloat64(() => derivativesOf(tokenByToken(kind, position), inputs)),
    )
  })

  it('agrees with token after token in float64 to the second order, on every engine', async () => {
    const failures: string[] = []
    for (const { name, use } of [cpu, ...(await compiledTargets())]) {
      await use()
      examples.forEach(({ inputs, position }, i) => {
        const results = derivativesOf(atOnce(kind, kind.op, position), inputs)
        for (const [what, result] of Object.entries(results)) {
          const error = worstRow(result, truths[i][what].values)
          if (!(error < 1e-4)) failures.push(`${name}, example ${i}, ${what}: ${error}`)
        }
      })
    }
    expect(failures).toEqual([])
  })

  it('refuses a rate that float32 has no room for in a sentence, on every engine', async () => {
    const name = Object.keys(kind.gates).find((gate) => /rate|^lr$/.test(gate))!
    const { inputs, position } = examples[0]
    for (const { use } of [cpu, ...(await compiledTargets())]) {
      await use()
      for (const wrong of [1e9, 2e19, -1e25, 3e38, Infinity]) {
        const values = Float32Array.from(inputs[name].values)
        values[values.length - 1] = wrong
        const given = { ...inputs, [name]: { ...inputs[name], values } }
        expect(() => derivativesOf(atOnce(kind, kind.op, position), given)).toThrow(
          new RegExp(
            `^${kind.op.name}: the input ${name} has the value [^;]*; it must be a number from -200000000 to 200000000: [^;]*$`,
          ),
        )
      }
    }
  })
})

// What is left of LayerNorm's second derivatives at such rates is small beside what it is the difference of.
describe.each(kinds.filter(({ op }) => op === any(tttLinearOp) || op === any(tttMlpOp)))(
  '$op.name',
  (kind) => {
    it('has the derivatives of float64 at rates up to the highest, on every engine', async () => {
      const failures: string[] = []
      const most = { output: 1e-3, gradient: 5e-3, second: 0.2 }
      for (const rate of [1e4, 1e6, 1e8]) {
        const { inputs, position } = { inputs: draw(kind, 5, 3), position: 3 }
        const rates = {
          ...inputs.rates,
          values: inputs.rates.values.map((_, i) => rate * (0.2 + (i % 5) / 5)),
        }
        const factors = { ...inputs.factors, values: inputs.factors.values.map((_, i) => 0.4 + i / 5) }
        const given = { ...inputs, rates, factors }
        await cpu.use()
        const truth = inFloat64(() => derivativesOf(tokenByToken(kind, position), given))
        for (const { name, use } of [cpu, ...(await compiledTargets())]) {
          await use()
          const results = derivativesOf(atOnce(kind, kind.op, position), given)
          for (const [what, result] of Object.entries(results)) {
            const error = worstRow(result, truth[what].values)
            if (!(error < most[what.split(' ')[0] as keyof typeof most]))
              failures.push(`${name}, rate ${rate}, ${what}: ${error}`)
          }
        }
      }
      expect(failures).toEqual([])
    })
  },
)
