import { createRandom, resolveEngine, tf, type FusedOp, type Random, type Shapes } from '@ttt-e2e/tensor-ops'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '../engines'
import { compiledTargets } from '../engines/compiled/testing'
import { channelDeltaRuleOp } from '../channel-delta-rule'
import { gatedDeltaRuleOp } from '../gated-delta-rule'
import { mamba3ScanOp } from '../mamba3-scan'
import { mesaOp } from '../mesa'
import { ssdScanOp } from '../ssd-scan'
import {
  channelDeltaRuleRecurrence,
  gatedDeltaRuleRecurrence,
  mamba3ScanRecurrence,
  mesaRecurrence,
  ssdRecurrence,
} from './recurrences'
import { derivativesOf, worstRow, type Scan, type Values } from './derivatives-testing'

/** Logarithms of decays over all that float32 holds, small ones often. */
const logs = [0, -1e-30, -1e-7, -0.5, -0.5, -0.5, -2, -40, -80, -100, -1e4, -1e16, -1e30, -3.4e38, -Infinity]
/** How much MesaNet's layer holds back, of a least that models have. */
const ridges = [0.25, 0.3, 1, 4, 100, 1e4, 1e8, 1e16, 1e30, 3.4e38]
const rates = [0, 0.3, 0.5, 0.9, 1, 2]
/** Of Mamba 2, where decays are products: those of a head with which even second gradients stay within float32. */
const rangesOfA = [
  { A: [-1e-30, -1e-7], dt: [0, 1e-30, 1e-3, 0.5, 1, 30, 1e4] },
  { A: [-1e-3, -1, -1, -7], dt: [0, 0, 1e-30, 1e-3, 0.2, 0.5, 0.5, 1, 30, 1e4, 1e16, 1e30] },
  { A: [-1e4, -1e16, -1e30, -3.4e38], dt: [0.1, 0.5, 1, 30, 1e4, 1e16, 1e30] },
]

interface Kind {
  op: FusedOp<{ chunk: number }>
  recurrence: Scan
  /** What gates are drawn from, for each of the heads in turn. */
  gates(random: Random, heads: number): Record<string, readonly (readonly number[])[]>
  shapes(length: number): Shapes
  /** What the recurrence's results are called, in the order of the op's first ones. */
  results?: readonly string[]
  /** Values over and over of inputs that can't be any. */
  exactly?: Readonly<Record<string, readonly number[]>>
}

const kinds: Kind[] = [
  {
    op: gatedDeltaRuleOp,
    recurrence: gatedDeltaRuleRecurrence,
    gates: () => ({ g: [logs], beta: [rates] }),
    shapes: (length) => ({
      q: [2, length, 1, 3],
      k: [2, length, 1, 3],
      v: [2, length, 2, 2],
      g: [2, length, 2],
      beta: [2, length, 2],
      state: [2, 2, 3, 2],
    }),
  },
  {
    op: channelDeltaRuleOp,
    recurrence: channelDeltaRuleRecurrence,
    gates: () => ({ g: [logs] }),
    shapes: (length) => ({
      q: [2, length, 1, 3],
      k: [2, length, 1, 3],
      erase: [2, length, 2, 3],
      v: [2, length, 2, 2],
      g: [2, length, 2, 3],
      state: [2, 2, 3, 2],
    }),
  },
  {
    op: ssdScanOp,
    recurrence: ssdRecurrence,
    gates: (random, heads) => {
      const ranges = Array.from({ length: heads }, () => rangesOfA[random.integer(rangesOfA.length)])
      return { dt: ranges.map(({ dt }) => dt), A: ranges.map(({ A }) => A) }
    },
    shapes: (length) => ({
      x: [2, length, 4, 2],
      dt: [2, length, 4],
      A: [4],
      B: [2, length, 2, 3],
      C: [2, length, 2, 3],
      D: [4],
      state: [2, 4, 2, 3],
    }),
  },
  {
    op: mamba3ScanOp,
    recurrence: mamba3ScanRecurrence,
    gates: () => ({ g: [logs], write: [rates], own: [rates], writeBefore: [rates] }),
    shapes: (length) => ({
      q: [2, length, 1, 2, 3],
      k: [2, length, 1, 2, 3],
      v: [2, length, 1, 2, 2],
      g: [2, length, 2],
      write: [2, length, 2],
      own: [2, length, 2],
      D: [2],
      state: [2, 2, 2, 3],
      keyBefore: [2, 1, 2, 3],
      valueBefore: [2, 1, 2, 2],
      writeBefore: [2, 2],
    }),
  },
  {
    op: mesaOp,
    recurrence: mesaRecurrence,
    gates: () => ({ g: [logs], beta: [[0, 1e-38, 1e-30, 1e-7, 0.3, 0.9, 1]], lambda: [ridges] }),
    shapes: (length) => ({
      q: [2, length, 2, 3],
      k: [2, length, 2, 3],
      v: [2, length, 2, 2],
      g: [2, length, 2],
      beta: [2, length, 2],
      lambda: [2, 3],
      keys: [2, 2, 3, 3],
      values: [2, 2, 3, 2],
    }),
    results: ['output', 'lastKeys', 'lastValues'],
    // A sum of keys' products.
    exactly: { keys: [0.8, 0.1, -0.2, 0.1, 0.5, 0.05, -0.2, 0.05, 0.9] },
  },
]

function draw({ shapes, gates, exactly }: Kind, length: number, random: Random): Values {
  const all = shapes(length)
  const pools = gates(random, (all.state ?? all.keys)[1])
  return Object.fromEntries(
    Object.entries(all).map(([name, shape]) => {
      const value = (_: unknown, i: number) => {
        const pool = pools[name]?.[i % pools[name].length]
        const given = exactly?.[name]
        if (given) return given[i % given.length]
        return pool ? pool[random.integer(pool.length)] : 0.5 * random.normal()
      }
      return [name, { shape, values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, value) }]
    }),
  )
}

afterAll(() => resolveEngine('cpu'))

describe.each(kinds)('$op.name with gates over the whole range of float32', (kind) => {
  const examples = Array.from({ length: 12 }, (_, seed) => {
    const random = createRandom(seed)
    const [longest, largest] = seed % 4 === 0 ? [80, 64] : [24, 12]
    const length = 1 + random.integer(longest)
    return { length, chunk: 1 + random.integer(largest), inputs: draw(kind, length, random) }
  })
  let targets: { name: string; use(): Promise<unknown> }[] = []
  let truths: Values[] = []
  beforeAll(async () => {
    await resolveEngine('cpu')
    truths = examples.map(({ inputs }) => inFloat64(() => derivativesOf(kind.recurrence, inputs)))
    targets = [{ name: 'cpu', use: () => resolveEngine('cpu') }, ...(await compiledTargets())]
  })

  it('agrees with the recurrence in float64 to the second order, on every engine', async () => {
    const failures: string[] = []
    for (const { name, use } of targets) {
      await use()
      examples.forEach(({ inputs, chunk, length }, i) => {
        const results = derivativesOf((x) => {
          const all = Object.values(kind.op(x, { chunk }))
          const { results: names = ['output', 'lastState'] } = kind
          return Object.fromEntries(names.map((name, n) => [name, all[n]]))
        }, inputs)
        for (const [what, result] of Object.entries(results)) {
          const error = worstRow(result, truths[i][what].values)
          if (!(error < 1e-4))
            failures.push(`${name}, example ${i} (${length} by ${chunk}), ${what}: ${error}`)
        }
      })
    }
    expect(failures.slice(0, 200)).toEqual([])
  })
})

/** One head and one channel: a state of 7, to which the second token adds 1 as it drives out what was there. */
const column = (...values: number[]) => tf.tensor(values, [1, 8, 1])
const channel = (...values: number[]) => tf.tensor(values, [1, 8, 1, 1])
const logarithms = [0, -1e16, -0.5, -0.5, -0.5, 0, 0, 0]
const ones = () => channel(1, 1, 1, 1, 1, 1, 1, 1)
const state = () => tf.tensor([7], [1, 1, 1, 1])
const hugeBesideSmall: Record<string, () => tf.Tensor> = {
  'gated-delta-rule': () =>
    gatedDeltaRuleOp(
      {
        q: ones(),
        k: ones(),
        v: ones(),
        state: state(),
        g: column(...logarithms),
        beta: column(0, 1, 0, 0, 0, 0, 0, 0),
      },
      { chunk: 8 },
    ).o,
  'ssd-scan': () =>
    ssdScanOp(
      {
        x: channel(0, 1e-16, 0, 0, 0, 0, 0, 0),
        dt: column(...logarithms.map(Math.abs)),
        A: tf.tensor([-1]),
        B: ones(),
        C: ones(),
        D: tf.tensor([0]),
        state: state(),
      },
      { chunk: 8 },
    ).y,
}

it.each(Object.entries(hugeBesideSmall))(
  'a huge logarithm beside small ones leaves these what they are, on every engine: %s',
  async (_, read) => {
    const expected = [7, 1, ...[1, 2, 3, 3, 3, 3].map((halves) => Math.exp(-halves / 2))]
    await resolveEngine('cpu')
    for (const { name, use } of [{ name: 'cpu', use: async () => {} }, ...(await compiledTargets())]) {
      await use()
      const values = tf.tidy(() => Array.from(read().dataSync()))
      values.forEach((value, token) =>
        expect(value, `${name}, token ${token}`).toBeCloseTo(expected[token], 5),
      )
    }
  },
)
