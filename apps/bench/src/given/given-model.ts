import { buildSystem } from '@ttt-e2e/baselines'
import { loadModel, type Model } from '@ttt-e2e/checkpoint'
import { stackReach } from '@ttt-e2e/data'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { holdsRuns } from '../experiment/description'
import { nameWithoutLearning } from '../experiment/owner-of'

/** A model that somebody brings, which is read with as it is. */
export interface GivenModel {
  path: string
  model: Model
  /** What it is called among the systems. */
  name: string
  /** Whether weights were made float32 that would stay quantised. */
  expanded: boolean
  /** By name: the model itself, then the same with learning off where it learns. */
  systems: Readonly<Record<string, System>>
  /** Of its attention; undefined where it has none, or a layer without one. */
  window?: number
  /** Tokens back that its windows see over all layers; infinite where a layer's attention has no window. */
  reach: number
}

/** What `--model` may also be: anything that is there and holds no runs of the bench. */
export const isGiven = (path: string | undefined): path is string =>
  path !== undefined && isThere(path) && !holdsRuns(path)

/**
 * Loads a model of any format that is known.
 *
 * @param options.expand whether weights become float32 that would stay quantised
 * @throws CheckpointError, EngineError, DataError as `loadModel`
 */
export async function openGivenModel(path: string, { expand = false } = {}): Promise<GivenModel> {
  const model = await loadModel(path, { keepQuantised: !expand })
  const { system } = model
  const { rule } = system
  const architecture = system.architecture!
  const off = rule && {
    ...buildSystem({ ...architecture, rule: null, lossChunk: rule.chunk }),
    name: nameWithoutLearning(system.name),
  }
  const windows = windowsOf(architecture)
  const hasEvery = windows.every((window) => window > 0)
  const widest = Math.max(...windows)
  return {
    path,
    model,
    name: system.name,
    expanded: expand,
    systems: { [system.name]: system, ...(off && { [off.name]: off }) },
    ...(windows.length > 0 && hasEvery && { window: widest }),
    reach: !hasEvery ? Infinity : windows.length === 0 ? 0 : stackReach(architecture.layers, widest),
  }
}

/** Of each kind of attention in the pattern; 0 for one that sees everything. */
const windowsOf = ({ mixers }: Architecture): number[] =>
  mixers
    .filter(({ name }) => name === 'attention')
    .map(({ options }) => (options as { window: number }).window)
