import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { formatTable } from '@ttt-e2e/report'
import { profileKernels, type KernelProfile, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { speedSizes, type SpeedSizeName } from '../sizes'
import type { SpeedOptions } from '../options'
import { randomBatch } from '../random-batch'
import { recordSpeed } from '../record'
import { createSpeedSystem } from '../speed-system'
import { digits } from '../speed-table'

/** The kernels of one training step that were not the engine's own. */
export interface Fallbacks {
  size: SpeedSizeName
  system: string
  /** Of the whole step. */
  kernelCalls: number
  milliseconds: number
  /** Slowest first. */
  kernels: FallbackKernel[]
}

interface FallbackKernel {
  name: string
  /** Calls that ran as another engine's kernel, of all its calls. */
  fallbacks: number
  calls: number
  milliseconds: number
  /** Whether the engine has a kernel of this name that did not take these inputs. */
  refused: boolean
}

/**
 * Takes a training step of each system and lists the kernels that ran as tfjs's JavaScript ones.
 *
 * @returns the exit code
 * @throws EngineError
 */
export function listFallbacks(options: Omit<SpeedOptions, 'peers' | 'python' | 'reps'>): Promise<number> {
  return recordSpeed<Fallbacks>('ops --fallbacks', options, async ({ engine, progress, signal, rows }) => {
    for (const size of options.sizes)
      for (const name of options.systems) {
        progress.update(`${size} · ${name} · training`)
        const { model, length: ownLength } = speedSizes[size]
        const { batch, length = ownLength } = options
        const system = createSpeedSystem(name, size)
        const state = startRun(system, 0)
        const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
        const data = randomBatch(model.vocabularySize, batch, length)
        const { profile } = await profileKernels(() => trainStep(system, state, data, optimizer))
        disposeRun(state)
        const { calls, milliseconds } = profile
        rows.push({
          size,
          system: name,
          kernelCalls: calls,
          milliseconds,
          kernels: fallbacksOf(profile, engine),
        })
        progress.clear()
        progress.print(`\n${describe(rows.at(-1)!)}`)
        signal.throwIfAborted()
      }
  })
}

/** The kernels of a profile that ran, at least sometimes, as another engine's. */
export function fallbacksOf(
  { byKernel }: KernelProfile,
  { hasOwnKernel }: Pick<ResolvedEngine, 'hasOwnKernel'>,
): FallbackKernel[] {
  return byKernel
    .map(({ name, calls, milliseconds, fallbacks }) => {
      const refused = hasOwnKernel(name)
      return { name, calls, milliseconds, refused, fallbacks: refused ? fallbacks : calls }
    })
    .filter(({ fallbacks }) => fallbacks > 0)
}

function describe({ size, system, kernelCalls, milliseconds, kernels }: Fallbacks): string {
  const title = `${size} · ${system} · a training step of ${kernelCalls} kernel calls, ${digits(milliseconds)} ms`
  if (kernels.length === 0) return `${title}: none fell back`
  return formatTable({
    title: `${title}: those that fell back`,
    columns: ['kernel', 'calls', 'of', 'milliseconds', 'why'],
    rows: kernels.map(({ name, fallbacks, calls, milliseconds: each, refused }) => [
      name,
      String(fallbacks),
      String(calls),
      digits(each),
      refused ? 'not for these inputs' : 'no own kernel',
    ]),
  })
}
