import {
  createRandom,
  decodeSafetensors,
  disposeTree,
  encodeSafetensors,
  fromPlainTensor,
  tf,
  toPlainTensors,
  treeEntries,
  treeMap,
  type PlainTensors,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'

/** Everything that the next training step depends on, but the recipe. Owns its tensors. */
export interface RunState {
  params: Params
  firstMoments: Params
  secondMoments: Params
  /** Steps taken. */
  step: number
  /** Tokens trained on. */
  tokens: number
  /** Where the stream of data goes on; undefined before the first batch. */
  cursor?: unknown
}

/** A run before its first step: parameters drawn from `seed`, moments zero. */
export function startRun(system: System, seed: number): RunState {
  const params = system.decoder.init(createRandom(seed))
  const zeros = () => treeMap(params, (leaf) => tf.zeros(leaf.shape))
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
 * @throws if the file isn't sound or its tensors are not those of `system`
 */
export function decodeRun(system: System, bytes: Uint8Array): RunState {
  const { tensors, metadata } = decodeSafetensors(bytes)
  if (metadata.run === undefined) throw new Error("the file has no 'run' in its metadata")
  const counters = JSON.parse(metadata.run) as Pick<RunState, 'step' | 'tokens' | 'cursor'>
  return tf.tidy(() => {
    const form = system.decoder.init(createRandom(0))
    const load = (group: string) => loadTree(form, tensors, group)
    const state = {
      params: load('params'),
      firstMoments: load('firstMoments'),
      secondMoments: load('secondMoments'),
    }
    return { ...state, ...counters } as never
  }) as RunState
}

function loadTree(form: Params, tensors: PlainTensors, group: string): Params {
  const problems: string[] = []
  const tree = treeMap(form, (leaf, path) => {
    const name = `${group}.${path}`
    const found = tensors[name]
    if (!found) problems.push(`${name} is missing`)
    else if (found.shape.join() !== leaf.shape.join())
      problems.push(`${name} is [${found.shape}], not [${leaf.shape}]`)
    else return fromPlainTensor(found)
    return leaf
  })
  if (problems.length > 0) throw new Error(`the run doesn't fit the system: ${problems.join('; ')}`)
  return tree
}
