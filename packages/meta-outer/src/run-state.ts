import {
  bytesInMemory,
  createRandom,
  disposeTree,
  encodeSafetensors,
  loadLike,
  safetensorsSource,
  SafetensorsError,
  tf,
  toPlainTensors,
  treeEntries,
  treeForm,
  treeMap,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { trainedTree, type TrainedPart } from './trained-part'

/** Everything that the next training step depends on, but the recipe. Owns its tensors. */
export interface RunState {
  params: Params
  /** Of the parameters that are trained, at their paths: the others have none and stay as they are. */
  firstMoments: TensorTree
  secondMoments: TensorTree
  /** Steps taken. */
  step: number
  /** Tokens trained on. */
  tokens: number
  /** Where the stream of data goes on; undefined before the first batch. */
  cursor?: unknown
}

/** A run before its first step: parameters drawn from `seed`, moments zero. */
export function startRun(system: System, seed: number, part: TrainedPart = 'all'): RunState {
  return startRunFrom(system, system.decoder.init(createRandom(seed)), part)
}

/** The same from given parameters, which the run takes over. @throws SizeError if they have no such part */
export function startRunFrom(system: System, params: Params, part: TrainedPart = 'all'): RunState {
  const trained = trainedTree(system, params, part)
  const zeros = () => treeMap(trained, (leaf) => tf.zeros(leaf.shape))
  return { params, firstMoments: zeros(), secondMoments: zeros(), step: 0, tokens: 0 }
}

export function disposeRun({ params, firstMoments, secondMoments }: RunState): void {
  disposeTree([params, firstMoments, secondMoments])
}

/** The run as one safetensors file; the counters stand in its metadata. */
export async function encodeRun({
  params,
  firstMoments,
  secondMoments,
  step,
  tokens,
  cursor,
}: RunState): Promise<Uint8Array> {
  const named = treeEntries({ params, firstMoments, secondMoments })
  return encodeSafetensors(await toPlainTensors(named), { run: JSON.stringify({ step, tokens, cursor }) })
}

/**
 * @throws SafetensorsError if the file isn't sound or its tensors are not those of `system`
 */
export async function decodeRun(
  system: System,
  bytes: Uint8Array,
  part: TrainedPart = 'all',
): Promise<RunState> {
  const source = await safetensorsSource(bytesInMemory(bytes))
  const params = treeForm(system.decoder.init)
  const trained = trainedTree(system, params, part)
  const state = await loadLike({ params, firstMoments: trained, secondMoments: trained }, source)
  const { run } = source.metadata
  if (run === undefined) {
    disposeTree(state)
    throw new SafetensorsError(["the file has no 'run' in its metadata"])
  }
  return { ...state, ...(JSON.parse(run) as Pick<RunState, 'step' | 'tokens' | 'cursor'>) }
}
