import { createSystem } from '@ttt-e2e/baselines'
import { resolveEngine, usePrograms } from '@ttt-e2e/tensor-ops'
import { expect, it, vi } from 'vitest'
import { microBenchmark } from '../../testing'
import { measureStep } from './measure'
import { summariseStep } from './summarise'

it('times steps as they run, and profiles another one', async () => {
  const engine = await resolveEngine('cpu')
  const benchmark = microBenchmark()
  const system = createSystem('swa', benchmark.recipe.size)
  let milliseconds = 0
  vi.spyOn(performance, 'now').mockImplementation(() => milliseconds)
  const replaying: boolean[] = []
  const step = async () => {
    const now = usePrograms(true)
    usePrograms(now)
    replaying.push(now)
    // Kernel by kernel it takes longer.
    milliseconds += now ? 10 : 1000
  }
  const { signal } = new AbortController()
  const value = await measureStep({ benchmark, signal, sizes: {}, system, engine, step })
  vi.restoreAllMocks()
  expect(replaying).toEqual([true, true, true, false])
  expect(value.profile.seconds).toBe(1)
  expect(summariseStep([{ system: 'swa', value }]).swa.stepSeconds).toBe(0.01)
})
