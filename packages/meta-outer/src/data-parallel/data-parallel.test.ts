import '@ttt-e2e/kernels/engines'
import {
  liveTensors,
  relativeError,
  resolveEngine,
  shareOf,
  tf,
  treeLeaves,
  treeMap,
  type Batch,
  type Communicator,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { ranksInProcess } from '@ttt-e2e/tensor-ops/testing'
import type { System } from '@ttt-e2e/ttt-inner'
import { beforeAll, describe, expect, it } from 'vitest'
import { standardOptimizer } from '../optimizer'
import { disposeRun, startRun, type RunState } from '../run-state'
import { standardSchedule } from '../schedule'
import { randomBatch, smallSystem } from '../testing'
import { NonFiniteGradient, NonFiniteLoss, trainStep, type StepReport } from '../train-step'
import { DataParallel, type DataParallelOptions } from './data-parallel'
import { rowsOf } from './sum-over-batches'

beforeAll(() => resolveEngine('wasm'))

const optimizer = standardOptimizer(standardSchedule(10, 1e-2))

/** Four rows; packed ones have documents of unlike lengths, so that rows have unlike numbers of chunks. */
function batchOf(step: number, packed: boolean): Batch {
  const batch = randomBatch(4, 12, [3], step)
  if (!packed) return batch
  const documentStarts = new Uint8Array(4 * 13)
  for (const [row, starts] of [[0], [0, 5], [0, 2, 7, 9], [0, 11]].entries())
    for (const start of starts) documentStarts[row * 13 + start] = 1
  return { ...batch, documentStarts }
}

function rowsOfRank(batch: Batch, ranks: Communicator): Batch {
  const { from, to } = shareOf(batch.batch, ranks)
  const rows = rowsOf(batch).slice(from, to)
  const join = <T extends Int32Array | Uint8Array>(arrays: T[]): T => {
    const all = arrays.flatMap((each) => [...each])
    return (arrays[0] instanceof Int32Array ? Int32Array.from(all) : Uint8Array.from(all)) as T
  }
  return {
    ...batch,
    tokens: join(rows.map(({ tokens }) => tokens)),
    mask: join(rows.map(({ mask }) => mask)),
    ...(batch.documentStarts && { documentStarts: join(rows.map((row) => row.documentStarts!)) }),
    batch: rows.length,
  }
}

const valuesOf = ({ params, firstMoments, secondMoments }: RunState) =>
  treeLeaves([params, firstMoments, secondMoments]).map((leaf) => leaf.dataSync())

interface Trained {
  reports: StepReport[]
  values: ReturnType<typeof valuesOf>
  state: RunState
}

/** So many steps on so many ranks, from a run's first step or from where another one has left it. */
async function trained(
  system: System,
  size: number,
  {
    packed = false,
    steps = 3,
    from,
    ...options
  }: DataParallelOptions & { packed?: boolean; steps?: number; from?: RunState } = {},
): Promise<Trained> {
  const all = await ranksInProcess(size, async (ranks) => {
    const state = from ? copyOf(from) : startRun(system, 1)
    const parallel = new DataParallel(system, state, ranks, options)
    const reports: StepReport[] = []
    for (let i = 0; i < steps; i++)
      reports.push(await parallel.step(rowsOfRank(batchOf(state.step, packed), ranks), optimizer))
    const whole = await parallel.whole()
    const result = whole && { reports, values: valuesOf(whole.state), state: copyOf(whole.state) }
    whole?.free()
    disposeRun(state)
    return result ?? { reports }
  })
  for (const { reports } of all) expect(reports).toEqual(all[0].reports)
  return all[0] as Trained
}

const copyOf = (state: RunState): RunState => {
  const copy = <T extends TensorTree>(tree: T): T => treeMap(tree, (leaf) => tf.clone(leaf))
  return {
    ...state,
    params: copy(state.params),
    firstMoments: copy(state.firstMoments),
    secondMoments: copy(state.secondMoments),
  }
}

async function inOneProcess(system: System, packed: boolean): Promise<StepReport[]> {
  const state = startRun(system, 1)
  const reports: StepReport[] = []
  for (let i = 0; i < 3; i++) reports.push(await trainStep(system, state, batchOf(i, packed), optimizer))
  disposeRun(state)
  return reports
}

const systems = [
  ['a system that learns', smallSystem({ hiddenSize: 24 })],
  ['one that does not', smallSystem({ learns: false, hiddenSize: 24 })],
] as const

describe.each(systems)('several ranks that train %s', (_, system) => {
  it.each([
    [false, 2],
    [false, 3],
    [true, 4],
  ])('have the losses of one process, packed %s, on %i ranks', async (packed, size) => {
    const expected = await inOneProcess(system, packed)
    const { reports } = await trained(system, size, { packed })
    reports.forEach((report, i) => {
      expect(report.loss / expected[i].loss).toBeCloseTo(1, 5)
      expect(report.gradientNorm / expected[i].gradientNorm).toBeCloseTo(1, 4)
      expect(relativeError(report.chunkLosses, expected[i].chunkLosses)).toBeLessThan(1e-5)
      expect(report.innerNorms.length).toBe(expected[i].innerNorms.length)
      expect(report).toMatchObject({
        step: i,
        tokens: 48,
        learningRate: expected[i].learningRate,
        innerRate: expected[i].innerRate,
      })
    })
  })

  it.each([false, true])('compute the same bits on 1, 2 and 4 if asked to, packed %s', async (packed) => {
    const [one, two, four] = [
      await trained(system, 1, { packed, deterministic: true }),
      await trained(system, 2, { packed, deterministic: true }),
      await trained(system, 4, { packed, deterministic: true }),
    ]
    for (const other of [two, four]) {
      expect(other.reports).toEqual(one.reports)
      expect(other.values).toEqual(one.values)
    }
  })
})

it('go on on other numbers of ranks with the same bits', async () => {
  const [, system] = systems[0]
  const whole = await trained(system, 1, { steps: 3, deterministic: true })
  let state: RunState | undefined
  for (const size of [2, 4, 1])
    state = (await trained(system, size, { steps: 1, deterministic: true, ...(state && { from: state }) }))
      .state
  expect(valuesOf(state!)).toEqual(whole.values)
  expect(state).toMatchObject({ step: 3, tokens: 144 })
})

it('keep moments of their part of the parameters, and no tensor more after some steps', async () => {
  const [, system] = systems[0]
  const sizes = await ranksInProcess(4, async (ranks) => {
    const state = startRun(system, 1)
    const parallel = new DataParallel(system, state, ranks)
    await parallel.step(rowsOfRank(batchOf(0, false), ranks), optimizer)
    await ranks.barrier()
    const held = liveTensors()
    await ranks.barrier()
    await parallel.step(rowsOfRank(batchOf(1, false), ranks), optimizer)
    await ranks.barrier()
    expect(liveTensors()).toBe(held)
    await ranks.barrier()
    const elements = (tree: TensorTree) => treeLeaves(tree).reduce((sum, { size }) => sum + size, 0)
    const moments = elements(state.firstMoments)
    expect(elements(state.secondMoments)).toBe(moments)
    await ranks.barrier()
    const total = elements(state.params)
    disposeRun(state)
    return { moments, total }
  })
  const { total } = sizes[0]
  expect(sizes.reduce((sum, { moments }) => sum + moments, 0)).toBe(total)
  for (const { moments } of sizes) expect(moments / total).toBeLessThan(0.3)
})

it.each([
  ['a loss', NaN, NonFiniteLoss],
  ['a gradient', 1e25, NonFiniteGradient],
] as const)('all stop at %s that is not finite and leave the run as it was', async (_, factor, problem) => {
  const [, system] = systems[0]
  await ranksInProcess(2, async (ranks) => {
    const state = startRun(system, 1)
    state.params = treeMap(state.params, (leaf, path) => (path === 'finalNorm' ? tf.mul(leaf, factor) : leaf))
    const parallel = new DataParallel(system, state, ranks)
    const before = valuesOf(state)
    const stepping = parallel.step(rowsOfRank(batchOf(0, false), ranks), optimizer)
    await expect(stepping).rejects.toThrow(problem)
    expect(state.step).toBe(0)
    expect(valuesOf(state)).toEqual(before)
  })
})
