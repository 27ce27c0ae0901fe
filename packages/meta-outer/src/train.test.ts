import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  liveBytes,
  liveTensors,
  readBacks,
  resolveEngine,
  tf,
  treeLeaves,
  treeMap,
  type Batch,
} from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { decodeRun, disposeRun, encodeRun, startRun, type RunState } from './run-state'
import { innerRateMultiplier, learningRate, standardSchedule } from './schedule'
import { randomBatch, smallSystem } from './testing'
import { train } from './train'
import { standardOptimizer } from './optimizer'
import { NonFiniteGradient, NonFiniteLoss, trainStep } from './train-step'

/** The fastest that is everywhere. */
const useWasm = () => resolveEngine('wasm', { threads: 1 })
beforeAll(useWasm)
afterAll(() => resolveEngine('cpu'))

async function* batches(from = 0): AsyncGenerator<Batch> {
  for (let i = from; ; i++) yield { ...randomBatch(2, 12, [], i), cursor: i + 1 }
}

async function run(state: RunState, steps: number, until = steps, signal?: AbortSignal) {
  const optimizer = standardOptimizer(standardSchedule(steps, 1e-2))
  const losses: number[] = []
  const data = batches((state.cursor as number | undefined) ?? 0)
  for await (const report of train({ system: smallSystem(), state, data, optimizer, signal })) {
    losses.push(report.loss)
    if (state.step >= until) break
  }
  return losses
}

const valuesOf = (state: RunState) =>
  treeLeaves([state.params, state.firstMoments, state.secondMoments]).map((leaf) => leaf.dataSync())

describe('training', () => {
  it('goes on bitwise from a saved run', async () => {
    const whole = startRun(smallSystem(), 1)
    const losses = await run(whole, 8)
    const part = startRun(smallSystem(), 1)
    const first = await run(part, 8, 5)
    const resumed = await decodeRun(smallSystem(), await encodeRun(part))
    expect([...first, ...(await run(resumed, 8))]).toEqual(losses)
    expect(valuesOf(resumed)).toEqual(valuesOf(whole))
    expect(resumed).toMatchObject({ step: 8, tokens: whole.tokens, cursor: 8 })
  })

  it('lowers the loss on a batch it sees again and again', async () => {
    const system = smallSystem()
    const state = startRun(system, 1)
    const optimizer = standardOptimizer(standardSchedule(30, 1e-2))
    const losses: number[] = []
    for (let i = 0; i < 30; i++)
      losses.push((await trainStep(system, state, randomBatch(2, 12), optimizer)).loss)
    expect(losses[29]).toBeLessThan(losses[0] - 0.3)
  })

  it.for(['cpu', 'native', 'wasm'])(
    'holds as many tensors and bytes after 50 steps as after 3 on %s',
    async (engine, { skip }) => {
      await resolveEngine(engine).catch((error: Error) => skip(error.message))
      const state = startRun(smallSystem(), 1)
      const held: string[] = []
      const optimizer = standardOptimizer(standardSchedule(50, 1e-3))
      for await (const report of train({ system: smallSystem(), state, data: batches(), optimizer }))
        if (report.step >= 3) held.push(`${liveTensors()} tensors, ${liveBytes()} bytes`)
      expect(new Set(held).size).toBe(1)
      expect(held).toHaveLength(47)
      disposeRun(state)
      await useWasm()
    },
  )

  it('reads back once in a step', async () => {
    const system = smallSystem()
    const state = startRun(system, 1)
    const optimizer = standardOptimizer(standardSchedule(30, 1e-2))
    const before = readBacks()
    await trainStep(system, state, randomBatch(2, 12), optimizer)
    await trainStep(system, state, randomBatch(2, 12), optimizer, { signal: new AbortController().signal })
    expect(readBacks() - before).toBe(2)
    disposeRun(state)
  })

  it('ends after a whole step when aborted, and can go on', async () => {
    const state = startRun(smallSystem(), 1)
    const controller = new AbortController()
    const optimizer = standardOptimizer(standardSchedule(20, 1e-2))
    let reports = 0
    for await (const report of train({
      system: smallSystem(),
      state,
      data: batches(),
      optimizer,
      signal: controller.signal,
    })) {
      reports++
      if (report.step === 2) controller.abort()
    }
    expect(reports).toBe(3)
    expect(state.step).toBe(3)
  })

  it('stops at a loss that is not finite and leaves the run as it was', async () => {
    const system = smallSystem()
    const state = startRun(system, 1)
    state.params = treeMap(state.params, (leaf, path) => (path === 'finalNorm' ? tf.mul(leaf, NaN) : leaf))
    const before = valuesOf(state)
    await expect(
      trainStep(system, state, randomBatch(1, 8), standardOptimizer(standardSchedule(5, 1e-2))),
    ).rejects.toThrow(NonFiniteLoss)
    expect(state.step).toBe(0)
    expect(valuesOf(state)).toEqual(before)
  })

  it('stops at a gradient that is not finite though the loss is, and leaves the run as it was', async () => {
    const system = smallSystem()
    const state = startRun(system, 1)
    // Logits of 1e25 have a finite loss; the square of their gradient doesn't fit a float32.
    state.params = treeMap(state.params, (leaf, path) => (path === 'finalNorm' ? tf.mul(leaf, 1e25) : leaf))
    const before = valuesOf(state)
    const stepping = trainStep(system, state, randomBatch(1, 8), standardOptimizer(standardSchedule(5, 1e-2)))
    await expect(stepping).rejects.toThrow(NonFiniteGradient)
    expect(state.step).toBe(0)
    expect(valuesOf(state)).toEqual(before)
  })

  it('refuses a run of another system, naming what does not fit', async () => {
    const bytes = await encodeRun(startRun(smallSystem(), 1))
    await expect(decodeRun(smallSystem({ suffixBlocks: 3 }), bytes)).rejects.toThrow(
      'params.prime.2.w1 is missing',
    )
  })
})

describe('the schedule', () => {
  it('warms up from 0, then falls along a cosine to the end rate', () => {
    const schedule = standardSchedule(100, 3e-3)
    expect(learningRate(schedule, 0)).toBe(0)
    expect(learningRate(schedule, 5)).toBeCloseTo(1.5e-3, 10)
    expect(learningRate(schedule, 10)).toBeCloseTo(3e-3, 10)
    expect(learningRate(schedule, 55)).toBeCloseTo(1e-5 + (3e-3 - 1e-5) / 2, 10)
    expect(learningRate(schedule, 100)).toBeCloseTo(1e-5, 10)
  })

  it('raises the inner rate over its warm-up and keeps it without one', () => {
    const schedule = { innerWarmupSteps: 4, innerRateStart: 0.1 }
    expect([0, 1, 3, 9].map((step) => innerRateMultiplier(schedule, step))).toEqual([0.325, 0.55, 1, 1])
    expect(innerRateMultiplier({ innerWarmupSteps: 0, innerRateStart: 0.1 }, 0)).toBe(1)
  })
})

describe('gradient accumulation', () => {
  const optimizer = standardOptimizer(standardSchedule(20, 1e-2))
  const stepsOf = async (state: RunState, from: number, until: number, microBatch?: number) => {
    for (let i = from; i < until; i++)
      await trainStep(smallSystem(), state, randomBatch(5, 12, [3, 17], i), optimizer, { microBatch })
    return state
  }

  it.each([1, 2, 4])('of %i sequences at once is the same step but for rounding', async (microBatch) => {
    const together = valuesOf(await stepsOf(startRun(smallSystem(), 1), 0, 3))
    const summed = valuesOf(await stepsOf(startRun(smallSystem(), 1), 0, 3, microBatch))
    summed.forEach((values, i) =>
      values.forEach((value, j) => expect(Math.abs(value - together[i][j])).toBeLessThan(2e-5)),
    )
  })

  it('goes on bitwise from a saved run', async () => {
    const whole = await stepsOf(startRun(smallSystem(), 1), 0, 4, 2)
    const half = await stepsOf(startRun(smallSystem(), 1), 0, 2, 2)
    const resumed = await stepsOf(await decodeRun(smallSystem(), await encodeRun(half)), 2, 4, 2)
    expect(valuesOf(resumed)).toEqual(valuesOf(whole))
  })
})
