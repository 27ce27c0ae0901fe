import { architectureOf, problemsOf } from '@ttt-e2e/baselines'
import { recordOfTokenizer, type Tokenizer } from '@ttt-e2e/data'
import { innerRateMultiplier, type Recipe, type RunState } from '@ttt-e2e/meta-outer'
import { SafetensorsError, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import type { WriteFile } from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import type { DataRecord } from './data-record'
import { newCheckpointPath, placeCheckpoint } from './run-folder'
import { fileNames, runInfoSchema, type RunInfo } from './run-info'
import { documentsBeginWithBos, tokenizerOf } from './tokenizer-of'
import { versions } from './versions'
import { treePieces } from './write-tree'

export interface SavedRun {
  recipe: Recipe
  state: RunState
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  /** What is trained; the recipe's where left out. One from outside is loaded by the mixers that it is built from. */
  system?: System
  /** What its text becomes tokens by; the recipe's where left out. */
  tokenizer?: Tokenizer
  /** Whether it met the tokenizer's BOS at the beginning of documents; as the recipe has it where left out. */
  documentsBeginWithBos?: boolean
  /** Of the program that trains, where it is known. */
  gitHash?: string | null
  /** What the cursor counts in, where it is text of somebody's. */
  data?: DataRecord
  /** Told of an older checkpoint that can't be removed; printed as a warning where left out. */
  onLeft?(reason: string): void
}

/**
 * Saves a run as `<run>/checkpoints/step-000120`. The folder is written beside its place, tensor by tensor, to the disk,
 * and renamed; the checkpoints before it stay until then, and one of them after it. A crash at any moment leaves a
 * loadable one.
 *
 * @returns the checkpoint's folder
 * @throws CheckpointError if a tensor has values that are not finite: no good checkpoint makes room for a spoilt one
 * @throws FileError if the file system refuses; the checkpoints before it are there still
 */
export async function saveCheckpoint(run: string, saved: SavedRun): Promise<string> {
  const { recipe, state, engine, gitHash = null, data, onLeft } = saved
  const path = newCheckpointPath(run, state.step)
  const described: Omit<RunInfo, 'files'> = {
    schemaVersion: 2,
    model: {
      architecture: architectureToSave(path, saved),
      tokenizer: { ...recordOfTokenizer(saved.tokenizer ?? tokenizerOf(recipe)) },
      documentsBeginWithBos: saved.documentsBeginWithBos ?? documentsBeginWithBos(recipe),
    },
    recipe,
    step: state.step,
    tokens: state.tokens,
    cursor: (state.cursor ?? null) as RunInfo['cursor'],
    ...(data && { data }),
    innerRateMultiplier: innerRateMultiplier(recipe.training.optimizer.schedule, Math.max(0, state.step - 1)),
    engine: { name: engine.name, description: engine.description, precision: engine.precision },
    versions: versions(),
    gitHash,
    savedAt: new Date().toISOString(),
  }
  const { params, firstMoments, secondMoments } = state
  try {
    const fill = async (write: WriteFile) => {
      const model = await write(fileNames.model, treePieces(params))
      const optimizer = await write(fileNames.optimizer, treePieces({ firstMoments, secondMoments }))
      await write(fileNames.info, encodeRunInfo({ ...described, files: { model, optimizer } }, path))
    }
    await placeCheckpoint(run, path, fill, onLeft)
  } catch (error) {
    throw error instanceof SafetensorsError ? new CheckpointError(path, error.problems) : error
  }
  return path
}

function architectureToSave(path: string, { system, recipe }: SavedRun) {
  if (!system) return architectureOf(recipe.system, recipe.size)
  if (system.architecture) return system.architecture
  throw new CheckpointError(path, [withoutRecord(system)])
}

/** Why a system can't be saved. */
export const withoutRecord = ({ name }: System): string =>
  `a mixer of '${name}' has no name, so that it could not be loaded; build the system from mixers by name`

/** @throws CheckpointError if it can't be read again */
export function encodeRunInfo(info: RunInfo, path: string): string {
  const checked = runInfoSchema.safeParse(info)
  if (!checked.success) throw new CheckpointError(path, problemsOf(checked.error))
  return `${JSON.stringify(info, null, 2)}\n`
}
