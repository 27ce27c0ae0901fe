import { buildSystem } from '@ttt-e2e/baselines'
import { disposeTree, loadLike, SafetensorsError, treeForm, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { CheckpointError } from './checkpoint-error'
import type { Extensions, StoredModel } from './formats/format'

/** A model that was loaded, without what reads text with it. */
export interface LoadedParameters {
  system: System
  /** The caller's to dispose. */
  params: Params
}

/**
 * Builds the system of a stored model and loads its weights.
 *
 * @param place what to call it in errors
 * @throws CheckpointError listing everything that doesn't match
 */
export async function loadStored(
  stored: StoredModel,
  place: string,
  extensions: Extensions,
): Promise<LoadedParameters> {
  const problems: string[] = []
  const system = buildFor(stored, extensions, problems)
  const params = system && (await loadTree(treeForm(system.decoder.init), stored, problems))
  problems.push(...((await stored.verify?.()) ?? []))
  if (problems.length === 0) return { system: system!, params: params! }
  if (params) disposeTree(params)
  throw new CheckpointError(place, problems)
}

/** The system of a stored model; undefined, with the reason added to `problems`, where there can't be one. */
export function buildFor(
  { architecture, bytes, weightsFile }: Pick<StoredModel, 'architecture' | 'bytes' | 'weightsFile'>,
  { mixers }: Extensions,
  problems: string[],
): System | undefined {
  try {
    const system = buildSystem(architecture, mixers)
    const fewest = system.decoder.parameterCount * 4
    // Before anything is allocated: damaged sizes may ask for more memory than there is. A difference that is not as
    // large is told tensor by tensor.
    if (fewest <= 2 * bytes) return system
    problems.push(`a model of its sizes has at least ${fewest} bytes, ${weightsFile} has ${bytes}`)
  } catch (error) {
    problems.push((error as Error).message)
  }
  return undefined
}

/** `loadLike`, but for what doesn't match, which is added to `problems` with the file's name. */
export async function loadTree<T extends TensorTree>(
  form: T,
  { weights, weightsFile }: Pick<StoredModel, 'weights' | 'weightsFile'>,
  problems: string[],
): Promise<T | undefined> {
  try {
    return await loadLike(form, weights)
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error
    problems.push(...error.problems.map((problem) => `${weightsFile}: ${problem}`))
    return undefined
  }
}
