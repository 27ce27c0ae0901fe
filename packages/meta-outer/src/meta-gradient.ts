import { disposeTree, tf, vjp, type Tensor } from '@ttt-e2e/tensor-ops'
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
import { sequencesOf, type Sequence } from './sequences'

export interface MetaGradientOptions {
  /** What the rates of inner learning, the rule's and that of mixers, are multiplied with; 1 where left out. */
  innerRateMultiplier?: number
  /**
   * What the backward walk finds in memory. A number n: the fast weights and caches at every n-th chunk border, the
   * rest is computed again (once for n = 1, twice for larger n). 'everything': all intermediate results, nothing is
   * computed twice. Where left out: everything if it fits into `memoryBudget`, else 1. The numbers are the same bits.
   */
  checkpointEvery?: number | 'everything'
  /** Bytes; 2 GiB where left out. */
  memoryBudget?: number
  /** Also returns what each chunk computed; not of a batch with documents in its rows. */
  record?: boolean
  /** Checked between chunks; an abort throws its reason and leaves nothing behind. */
  signal?: AbortSignal
}

export interface MetaGradient {
  /** Mean over all chunks of the masked mean in the chunk, nats: a sequence counts by its chunks. */
  loss: number
  /** A sequence is a row, or a document where rows hold several; in order [N]. */
  sequences: Sequence[]
  /** [N, K] with K chunks in the longest; 0 beyond a sequence's own. */
  chunkLosses: Float32Array
  /** Norm of the inner gradient before its clip [N, K], a last chunk's only if recorded; empty without a rule. */
  innerNorms: Float32Array
  /** Nats for every target, masked or not [B, T]; NaN for a document's first token, which nothing predicts. */
  tokenLosses: Float32Array
  /** With respect to all parameters, of their form; the caller owns them. */
  gradients: Params
  /** Only if asked for; the caller owns its tensors. `prefixOutput` [B, T, D] is the stream after the prefix blocks. */
  record?: { prefixOutput: Tensor; chunks: ChunkRecord[] }
}

/**
 * The gradient of the loss that a reader has who learns from each chunk after predicting it, with respect to all
 * parameters: through every inner step, its clip and the carried caches (paper §2.3, gradients of gradients). Exact.
 * For a system without a rule it is the ordinary gradient. Documents in one row know nothing of each other.
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
  const { record = false, signal } = options
  if (record && batch.documentStarts) throw new Error("a batch with documents in its rows can't be recorded")
  const { sequences, groups, chunks } = sequencesOf(system, batch)
  const columnCount = Math.max(...sequences.map((sequence) => sequence.chunks))
  const result = {
    sequences,
    chunkLosses: new Float32Array(sequences.length * columnCount),
    innerNorms: new Float32Array(system.rule ? sequences.length * columnCount : 0),
    tokenLosses: new Float32Array(batch.batch * batch.length).fill(NaN),
  }
  const sum = new GradientSum()
  const pause = async () => {
    if (!signal) return
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
  }
  let recorded: MetaGradient['record']
  try {
    for (const { members, batch: group } of groups) {
      const walked = await walk(system, params, group, { ...options, weight: 1 / chunks, pause }, sum)
      members.forEach((n, b) => {
        const { row, start, length, chunks } = sequences[n]
        const chunkRow = walked.chunkLosses.subarray(b * chunks, (b + 1) * chunks)
        result.chunkLosses.set(chunkRow, n * columnCount)
        if (system.rule)
          result.innerNorms.set(walked.innerNorms.subarray(b * chunks, (b + 1) * chunks), n * columnCount)
        const nats = walked.tokenLosses.subarray(b * group.length, b * group.length + length)
        result.tokenLosses.set(nats, row * batch.length + start)
      })
      recorded = walked.record
    }
    return {
      loss: result.chunkLosses.reduce((total, loss) => total + loss, 0) / chunks,
      ...result,
      gradients: sum.take(params),
      ...(recorded && { record: recorded }),
    }
  } finally {
    sum.dispose()
  }
}

interface WalkOptions extends MetaGradientOptions {
  weight: number
  pause: () => Promise<void>
}

/** Sequences of one length, forwards and backwards; adds their gradients to `sum`. */
async function walk(system: System, params: Params, batch: Batch, options: WalkOptions, sum: GradientSum) {
  const { checkpointEvery, memoryBudget = 2 * 2 ** 30, record = false, weight, pause } = options
  const { innerRateMultiplier = 1 } = options
  const { decoder } = system
  const { tokens, ...unused } = columns(batch, 0, batch.length)
  disposeTree(unused)
  const keepTapes = typeof checkpointEvery !== 'number'
  const rateMultiplier = tf.scalar(innerRateMultiplier)
  const prefix = new PrefixWalk(system, params, tokens, rateMultiplier, keepTapes)
  let chunks: ChunkWalk | undefined
  let start: ReturnType<typeof startOf> | undefined
  try {
    const hidden = await prefix.forward(pause)
    const suffixParams = decoder.suffixParams(params)
    start = startOf(system, params, suffixParams, batch.batch)
    chunks = new ChunkWalk(system, suffixParams, batch, hidden, start.border, {
      rateMultiplier: innerRateMultiplier,
      checkpointEvery,
      memoryBudget,
      weight,
      record,
    })
    await chunks.forward(pause)
    const gradient = await chunks.backward(sum, pause)
    start.backward(gradient, sum)
    await prefix.backward(gradient.hidden, sum, pause)
    const { chunkLosses, innerNorms, tokenLosses, records } = chunks
    return {
      chunkLosses,
      innerNorms,
      tokenLosses,
      ...(record && { record: { prefixOutput: prefix.output(), chunks: records } }),
    }
  } finally {
    chunks?.dispose()
    start?.dispose()
    prefix.dispose()
    disposeTree([tokens, rateMultiplier])
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
