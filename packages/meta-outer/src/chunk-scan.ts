import {
  disposeTree,
  scanVjp,
  tf,
  tidy,
  treeEntries,
  treeLeaves,
  treeWithLeaves,
  vjp,
  type Batch,
  type GradientSum,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import type { MixingState, MlpWeights, SuffixParams } from '@ttt-e2e/swa-transformer'
import { startFastWeights, type FastWeights, type Params, type System } from '@ttt-e2e/ttt-inner'
import { chunkSteps, pieceOf, type Carry, type ChunkOutput, type ChunkTold } from './chunk-steps'
import type { Keep } from './prefix-scan'
import type { TrainedLeaves } from './trained-part'

/**
 * The suffix over the chunks of whole sequences, forwards.
 *
 * @param hidden the prefix's output [B, T, D]
 * @param options see `chunkSteps`
 * @param onChunk takes over a chunk's output and what it told; the fast weights that it leaves stay the scan's
 */
export async function scanChunks(
  system: System,
  params: Params,
  batch: Batch,
  hidden: Tensor,
  options: { rateMultiplier: number; record: boolean; trained: TrainedLeaves; ofHidden: boolean },
  keep: Keep,
  onChunk: (output: ChunkOutput, told: ChunkTold, fast?: FastWeights) => void,
) {
  const suffixParams = system.decoder.suffixParams(params)
  const start = startOf(system, params, suffixParams, batch)
  const steps = chunkSteps(system, params, batch, hidden, options)
  let shape: number[] = []
  const dispose = () => {
    for (const { own } of steps) disposeTree(own)
    start.dispose()
  }
  const scan = await scanVjp(steps, start.carry, {
    ...keep,
    shared: true,
    lasts: (path) => start.lasting.has(path),
    onStep({ carry, output, aux }) {
      shape = output.loss.shape
      onChunk(output, aux, carry?.fast)
    },
  }).catch((error) => {
    dispose()
    throw error
  })
  // Those that later chunks left stand for them.
  if (steps.length > 1) start.disposeLasting()
  return {
    /**
     * @param weight of each chunk's mean in the loss
     * @returns the gradient with respect to `hidden`, where it is asked for; the caller's
     */
    async pull(weight: number, sum: GradientSum): Promise<Tensor | undefined> {
      const { carry, inputs } = await scan.pull({ output: () => ({ loss: tf.fill(shape, weight) }) }, sum)
      start.pull(carry, sum)
      const gradients = inputs.flatMap((input) => input.hidden ?? [])
      if (gradients.length === 0) return undefined
      const whole = tidy(() => tf.concat(gradients, 1))
      disposeTree(gradients)
      return whole
    },
    dispose() {
      scan.dispose()
      dispose()
    },
  }
}

/** W₀ with a batch axis (the prime MLPs themselves where nothing learns) and the suffix's states before the first token. */
function startOf(system: System, params: Params, suffixParams: SuffixParams, { batch, length }: Batch) {
  const { decoder, rule } = system
  const fast = rule
    ? vjp((prime: readonly MlpWeights[]) => ({ value: startFastWeights(prime, batch) }), params.prime)
    : undefined
  const states = vjp((p: SuffixParams) => ({ value: decoder.startSuffix(p, batch) }), suffixParams)
  const leaves = treeLeaves(states.value)
  const learnedStates = leaves.some(({ size }) => size > 0)
  // Room for the whole text at once: every chunk is then of the same shapes. A single piece needs none.
  const room = length > pieceOf(system, length) ? length : 0
  const reserved = tidy(() => states.value.map((state, s) => decoder.reserveSuffix(state, s, room)))
  const lasting = lastingStates(reserved, decoder.suffixLasts(reserved, length))
  return {
    carry: { fast: fast?.value ?? params.prime, states: reserved } as Carry,
    /** Leaves of it that a later carry's serve for, by path. */
    lasting,
    disposeLasting: () => disposeTree([...lasting.values()].filter((leaf) => !leaves.includes(leaf))),
    /** Takes the gradients of the first carry on to the parameters, and frees them. */
    pull(gradient: Carry, sum: GradientSum) {
      if (fast) {
        sum.add(params.prime, fast.pull(gradient.fast))
        disposeTree(gradient.fast)
      } else sum.add(params.prime, gradient.fast)
      if (learnedStates) {
        // Room that was made has no gradient.
        const own = treeLeaves(gradient.states).map((leaf, i) =>
          leaves[i].size > 0 ? leaf : tf.zeros(leaves[i].shape),
        )
        sum.add(suffixParams, states.pull(treeWithLeaves(states.value, own)))
        disposeTree(own.filter((_, i) => leaves[i].size === 0))
      }
      disposeTree(gradient.states)
    },
    dispose() {
      fast?.dispose()
      if (fast) disposeTree(fast.value)
      states.dispose()
      disposeTree(treeLeaves(reserved).filter((leaf) => !leaves.includes(leaf)))
      disposeTree(states.value)
    },
  }
}

const lastingStates = (states: readonly MixingState[], lasts: readonly boolean[]): Map<string, Tensor> =>
  new Map(
    states.flatMap(({ mixer }, s) =>
      lasts[s]
        ? treeEntries(mixer).map(([path, leaf]): [string, Tensor] => [`states.${s}.mixer.${path}`, leaf])
        : [],
    ),
  )
