import { disposeTree, vjp, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  stateMetas,
  stateTensors,
  joinStates,
  type MlpWeights,
  type SuffixParams,
} from '@ttt-e2e/swa-transformer'
import { startFastWeights, type Params, type System } from '@ttt-e2e/ttt-inner'
import { columns, type Batch } from './batch'
import { ChunkWalk, type ChunkRecord } from './chunk-walk'
import { GradientSum } from './gradient-sum'
import { PrefixWalk } from './prefix-walk'

export interface MetaGradientOptions {
  /** Rate of the inner steps; the rule's own where left out. */
  innerRate?: number
  /**
   * What the backward walk finds in memory. A number n: the fast weights and caches at every n-th chunk border, the
   * rest is computed again (once for n = 1, twice for larger n). 'everything': all intermediate results, nothing is
   * computed twice. Where left out: everything if it fits into `memoryBudget`, else 1. The numbers are the same bits.
   */
  checkpointEvery?: number | 'everything'
  /** Bytes; 2 GiB where left out. */
  memoryBudget?: number
  /** Also returns what each chunk computed. */
  record?: boolean
  /** Checked between chunks; an abort throws its reason and leaves nothing behind. */
  signal?: AbortSignal
}

export interface MetaGradient {
  /** Mean over sequences of the mean over chunks of the masked mean in the chunk, nats. */
  loss: number
  /** [B, K] */
  chunkLosses: Float32Array
  /** Norm of the inner gradient before its clip [B, K], the last chunk's only if recorded; empty without a rule. */
  innerNorms: Float32Array
  /** Nats for every target, masked or not [B, T]. */
  tokenLosses: Float32Array
  /** With respect to all parameters, of their form; the caller owns them. */
  gradients: Params
  /** Only if asked for; the caller owns its tensors. `prefixOutput` [B, T, D] is the stream after the prefix blocks. */
  record?: { prefixOutput: Tensor; chunks: ChunkRecord[] }
}

/**
 * The gradient of the loss that a reader has who learns from each chunk after predicting it, with respect to all
 * parameters: through every inner step, its clip and the carried caches (paper §2.3, gradients of gradients). Exact.
 * For a system without a rule it is the ordinary gradient.
 *
 * Prefix stages and chunks are vjps of their own, walked backwards by hand, so that memory is that of the borders
 * between them and of one tape, or of all tapes where they fit.
 */
export async function metaGradient(
  system: System,
  params: Params,
  batch: Batch,
  options: MetaGradientOptions = {},
): Promise<MetaGradient> {
  const { checkpointEvery, memoryBudget = 2 * 2 ** 30, record = false, signal } = options
  const { decoder } = system
  const pause = async () => {
    if (!signal) return
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
  }
  const { tokens, ...unused } = columns(batch, 0, batch.length)
  disposeTree(unused)
  const keepTapes = typeof checkpointEvery !== 'number'
  const prefix = new PrefixWalk(system, params, tokens, keepTapes)
  const sum = new GradientSum()
  let chunks: ChunkWalk | undefined
  let start: ReturnType<typeof startOf> | undefined
  try {
    const hidden = await prefix.forward(pause)
    const suffixParams = decoder.suffixParams(params)
    start = startOf(system, params, suffixParams, batch.batch)
    chunks = new ChunkWalk(system, suffixParams, batch, hidden, start.border, {
      rate: options.innerRate ?? system.rule?.rate ?? 0,
      checkpointEvery,
      memoryBudget,
      record,
    })
    await chunks.forward(pause)
    const gradient = await chunks.backward(sum, pause)
    start.backward(gradient, sum)
    await prefix.backward(gradient.hidden, sum, pause)
    const { chunkLosses, innerNorms, tokenLosses, records } = chunks
    return {
      loss: chunkLosses.reduce((total, loss) => total + loss, 0) / chunkLosses.length,
      chunkLosses,
      innerNorms,
      tokenLosses,
      gradients: sum.take(params),
      ...(record && { record: { prefixOutput: prefix.output(), chunks: records } }),
    }
  } finally {
    sum.dispose()
    chunks?.dispose()
    start?.dispose()
    prefix.dispose()
    tokens.dispose()
  }
}

/** W₀ with a batch axis (the prime MLPs themselves where nothing learns) and the suffix's states before the first token. */
function startOf(system: System, params: Params, suffixParams: SuffixParams, batch: number) {
  const { decoder, rule } = system
  const fast = rule
    ? vjp((prime: readonly MlpWeights[]) => ({ value: startFastWeights(prime, batch) }), params.prime)
    : undefined
  const states = vjp((p: SuffixParams) => {
    const start = decoder.startSuffix(p, batch)
    return { value: stateTensors(start), aux: stateMetas(start) }
  }, suffixParams)
  const learnedStates = states.value.some((tensors) => Object.keys(tensors).length > 0)
  return {
    border: { fast: fast?.value ?? params.prime, states: joinStates(states.value, states.aux) },
    backward(gradient: { fast: readonly MlpWeights[]; states: Record<string, Tensor>[] }, sum: GradientSum) {
      if (fast) {
        sum.add(params.prime, fast.pull(gradient.fast))
        disposeTree(gradient.fast)
      } else sum.add(params.prime, gradient.fast)
      if (learnedStates) sum.add(suffixParams, states.pull(gradient.states))
      disposeTree(gradient.states)
    },
    dispose() {
      fast?.dispose()
      if (fast) disposeTree(fast.value)
      states.dispose()
      disposeTree(states.value)
    },
  }
}
