import { readFileSync } from 'node:fs'
import { innerRateMultiplier, type Recipe, type RunState } from '@ttt-e2e/meta-outer'
import {
  encodeSafetensors,
  tf,
  toPlainTensors,
  treeEntries,
  type ResolvedEngine,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { CheckpointError } from './checkpoint-error'
import { problemsOf } from './recipe-schema'
import { newCheckpointPath, placeCheckpoint, sha256 } from './run-folder'
import { fileNames, runInfoSchema, type RunInfo } from './run-info'
import { allFinite } from './expected-tensors'

export interface SavedRun {
  recipe: Recipe
  state: RunState
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  /** Of the program that trains, where it is known. */
  gitHash?: string | null
}

/**
 * Saves a run as `<run>/checkpoints/step-000120`. The folder is written beside its place, to the disk, and renamed; the
 * checkpoints before it stay until then, and one of them after it. A crash at any moment leaves a loadable one.
 *
 * @returns the checkpoint's folder
 * @throws CheckpointError if a tensor has values that are not finite: no good checkpoint makes room for a spoilt one
 */
export async function saveCheckpoint(run: string, saved: SavedRun): Promise<string> {
  const { recipe, state, engine, gitHash = null } = saved
  const path = newCheckpointPath(run, state.step)
  const model = await encodeTree(state.params, path)
  const { firstMoments, secondMoments } = state
  const optimizer = await encodeTree({ firstMoments, secondMoments }, path)
  const info: RunInfo = {
    schemaVersion: 1,
    recipe,
    system: recipe.system,
    step: state.step,
    tokens: state.tokens,
    cursor: (state.cursor ?? null) as RunInfo['cursor'],
    innerRateMultiplier: innerRateMultiplier(recipe.training.optimizer.schedule, Math.max(0, state.step - 1)),
    engine: { name: engine.name, description: engine.description, precision: engine.precision },
    versions: versions(),
    gitHash,
    savedAt: new Date().toISOString(),
    files: { model: describe(model), optimizer: describe(optimizer) },
  }
  const checked = runInfoSchema.safeParse(info)
  if (!checked.success) throw new CheckpointError(path, problemsOf(checked.error))
  placeCheckpoint(run, path, {
    [fileNames.model]: model,
    [fileNames.optimizer]: optimizer,
    [fileNames.info]: encodeRunInfo(info),
  })
  return path
}

export const encodeRunInfo = (info: RunInfo): string => `${JSON.stringify(info, null, 2)}\n`

const describe = (bytes: Uint8Array) => ({ sha256: sha256(bytes), bytes: bytes.length })

async function encodeTree(tree: TensorTree, path: string): Promise<Uint8Array> {
  const plain = await toPlainTensors(treeEntries(tree))
  const spoilt = Object.entries(plain).filter(([, { values }]) => !allFinite(values))
  if (spoilt.length > 0)
    throw new CheckpointError(
      path,
      spoilt.map(([name]) => `${name} has values that are not finite`),
    )
  return encodeSafetensors(plain)
}

/** All packages are released together, so that this one's version stands for all. */
function versions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return { node: process.version, tfjs: tf.version_core, 'ttt-e2e': manifest.version }
}
