import '@ttt-e2e/kernels/engines'
import {
  createRandom,
  disposeTree,
  isDifferentiated,
  liveTensors,
  treeEntries,
  treeSize,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import type { System } from '@ttt-e2e/ttt-inner'
import { describe, expect, it } from 'vitest'
import { metaGradient } from './meta-gradient'
import { decodeRun, disposeRun, encodeRun, startRun } from './run-state'
import { standardSchedule } from './schedule'
import { randomBatch, smallSystem } from './testing'
import { standardOptimizer } from './optimizer'
import { trainStep } from './train-step'
import { trainedTree, type TrainedPart } from './trained-part'

const parts = ['suffix', 'prime'] as const
const bits = (x: Tensor) => Array.from(x.dataSync())

describe.each(['cpu', 'native'])('a part that is trained on %s', (engine) => {
  useEngine(engine)

  it.each(parts)('%s has the gradients that it has among all, bit for bit', async (part) => {
    const system = smallSystem()
    const params = system.decoder.init(createRandom(2))
    const batch = randomBatch(2, 12)
    const all = await metaGradient(system, params, batch)
    const before = liveTensors()
    const trained = trainedTree(system, params, part)
    const some = await metaGradient(system, params, batch, { trained })
    const expected = new Map(treeEntries(all.gradients))
    const found = treeEntries(some.gradients)
    expect(some.loss).toBe(all.loss)
    expect(found.map(([path]) => path)).toEqual(treeEntries(trained).map(([path]) => path))
    for (const [path, tensor] of found) expect(bits(tensor), path).toEqual(bits(expected.get(path)!))
    disposeTree(some.gradients)
    expect(liveTensors()).toBe(before)
    disposeTree([params, all.gradients])
  })

  it.each(parts)('%s moves alone, and goes on bitwise from a saved run', async (part) => {
    const system = smallSystem()
    const optimizer = standardOptimizer(standardSchedule(4, 1e-2))
    const steps = async (state: ReturnType<typeof startRun>, from: number, until: number) => {
      for (let i = from; i < until; i++) await trainStep(system, state, randomBatch(2, 12, [], i), optimizer)
      return state
    }
    const before = treeEntries(startRun(system, 1).params).map(([path, leaf]) => [path, bits(leaf)] as const)
    const whole = await steps(startRun(system, 1, part), 0, 4)
    const moved = treeEntries(whole.params).filter(([, leaf], i) => bits(leaf).join() !== before[i][1].join())
    expect(moved.map(([path]) => path)).toEqual(treeEntries(whole.firstMoments).map(([path]) => path))
    const half = await steps(startRun(system, 1, part), 0, 2)
    const again = await steps(await decodeRun(system, await encodeRun(half), part), 2, 4)
    expect(treeEntries(again.params).map(([, leaf]) => bits(leaf))).toEqual(
      treeEntries(whole.params).map(([, leaf]) => bits(leaf)),
    )
    for (const state of [whole, half, again]) disposeRun(state)
  })
})

describe('what is not trained', () => {
  useEngine('cpu')

  /** The stages of the prefix through which a gradient was asked for. */
  async function differentiated(part: TrainedPart): Promise<number[]> {
    const { decoder, ...rest } = smallSystem({ suffixBlocks: 1 })
    const asked: number[] = []
    const prefix = decoder.prefix.map((stage, i) => ({
      ...stage,
      run: ((params, hidden, ...more) => {
        if (isDifferentiated() && !asked.includes(i)) asked.push(i)
        return stage.run(params, hidden, ...more)
      }) as typeof stage.run,
    }))
    const system: System = { ...rest, decoder: { ...decoder, prefix } }
    const state = startRun(system, 1, part)
    await trainStep(system, state, randomBatch(1, 8), standardOptimizer(standardSchedule(2, 1e-2)))
    disposeRun(state)
    return asked
  }

  it('costs no gradient: stages of the prefix are walked back from the first that is trained on', async () => {
    expect(await differentiated('all')).toEqual([0, 1, 2])
    // The attention of the only block that learns.
    expect(await differentiated('suffix')).toEqual([2])
    expect(await differentiated('prime')).toEqual([])
  })

  it('has no moments', () => {
    const state = startRun(smallSystem(), 1, 'prime')
    expect(treeSize(state.firstMoments)).toBe(treeSize(state.params.prime) + 2 * 2 * 8)
    disposeRun(state)
  })

  it('is everything where nothing learns', () => {
    const system = smallSystem({ learns: false, suffixBlocks: 0 })
    expect(() => startRun(system, 1, 'prime')).toThrow("'small' has no blocks that learn while they read")
  })
})
