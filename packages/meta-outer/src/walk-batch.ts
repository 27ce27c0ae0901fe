import {
  disposeTree,
  GradientSum,
  pause,
  scanVjp,
  TapeBudget,
  tf,
  tidy,
  vjp,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { columns, type Batch } from './batch'
import { chunkSteps, startOf } from './chunk-steps'
import type { ChunkLosses } from './losses'
import { prefixSteps } from './prefix-steps'
import { recordOf, type MetaGradientRecord } from './record'
import type { Sequences } from './sequences'

export interface WalkOptions {
  /** What the rates of inner learning, the rule's and that of mixers, are multiplied with; 1 where left out. */
  innerRateMultiplier?: number
  /**
   * What the backward walk finds in memory. A number n: what is carried over every n-th border of chunks (fast weights
   * and caches) and of the prefix's stages, the rest is computed again (once for n = 1, twice for larger n).
   * 'everything': all intermediate results, nothing is computed twice. Where left out: as many of them as fit into
   * `memoryBudget`, the prefix's first, and n = 1 for the rest. The numbers are the same bits.
   */
  checkpointEvery?: number | 'everything'
  /**
   * Bytes that intermediate results may hold; 6 GiB where left out. At the published 125M and 8192 tokens that is the
   * prefix's and room for one chunk's; models of up to some 40 million parameters keep everything.
   */
  memoryBudget?: number
  /** Also returns what each chunk computed; not of a batch with documents in its rows. */
  record?: boolean
  /** Checked between chunks; an abort throws its reason and leaves nothing behind. */
  signal?: AbortSignal
}

/** A batch forwards and backwards, nothing read back yet. Whoever asked for it owns the tensors. */
export interface WalkedBatch {
  /** With respect to all parameters, of their form. */
  gradients: Params
  /** [group][chunk] */
  told: ChunkLosses[][]
  record?: MetaGradientRecord
}

const defaultMemoryBudget = 6 * 2 ** 30

/** Walks the groups of a batch one after another; see `metaGradient`. @throws the signal's reason */
export async function walkBatch(
  system: System,
  params: Params,
  { groups, chunks }: Sequences,
  options: WalkOptions,
): Promise<WalkedBatch> {
  const sum = new GradientSum()
  const told: ChunkLosses[][] = []
  let record: MetaGradientRecord | undefined
  try {
    for (const { batch } of groups) {
      const walked = await walkGroup(system, params, batch, 1 / chunks, options, sum)
      told.push(walked.told)
      record = walked.record
    }
    return { gradients: sum.take(params), told, ...(record && { record }) }
  } catch (error) {
    disposeTree(told)
    throw error
  } finally {
    sum.dispose()
  }
}

/** Sequences of one length, forwards and backwards; adds their gradients to `sum`. @param weight of a chunk in the loss */
async function walkGroup(
  system: System,
  params: Params,
  batch: Batch,
  weight: number,
  options: WalkOptions,
  sum: GradientSum,
): Promise<{ told: ChunkLosses[]; record?: MetaGradientRecord }> {
  const { innerRateMultiplier = 1, record = false } = options
  const { decoder } = system
  const keep = keepingOf(options)
  const owned = new Owned()
  const told: ChunkLosses[] = []
  const recorded = record ? recordOf(decoder.prefixBlocks) : undefined
  try {
    const { tokens, ...unused } = columns(batch, 0, batch.length)
    disposeTree(unused)
    const rateMultiplier = tf.scalar(innerRateMultiplier)
    const position = tf.zeros([batch.batch], 'int32')
    owned.add({ dispose: () => disposeTree([tokens, rateMultiplier, position]) })

    const { embedding } = params
    const embedded = vjp((x: { embedding: Tensor }) => ({ value: decoder.embed(x.embedding, tokens) }), {
      embedding,
    })
    owned.add(embedded, embedded.value)
    recorded?.onStage(embedded.value)
    const stages = prefixSteps(system, params, batch.batch, { rateMultiplier, position })
    const onStage = ({ carry }: { carry?: { hidden: Tensor } }) => recorded?.onStage(carry!.hidden)
    const prefix = await scanVjp(stages, { hidden: embedded.value }, { ...keep, onStep: onStage })
    owned.add(prefix)

    const suffixParams = decoder.suffixParams(params)
    const start = startOf(system, params, suffixParams, batch)
    owned.add(start)
    const { hidden } = prefix.carry!
    const rates = { rateMultiplier: innerRateMultiplier, record }
    const steps = chunkSteps(system, suffixParams, batch, hidden, rates)
    owned.add({ dispose: () => steps.forEach(({ input, data }) => disposeTree([input, data])) })
    const chunks = await scanVjp(steps, start.carry, {
      ...keep,
      shared: true,
      onStep({ carry, output, aux }) {
        const { tokenLosses, norm, ...rest } = aux
        told.push({ loss: output.loss, tokenLosses, ...(norm && { norm }) })
        recorded?.onChunk(rest, carry?.fast)
      },
    })
    owned.add(chunks)

    const shape = told[0].loss.shape
    const pulled = await chunks.pull({ output: () => ({ loss: tf.fill(shape, weight) }) }, sum)
    start.pull(pulled.carry, sum)
    const gradient = tidy(() => ({
      hidden: tf.concat(
        pulled.inputs.map((input) => input.hidden),
        1,
      ),
    }))
    disposeTree(pulled.inputs)
    const before = await prefix.pull({ carry: gradient }, sum)
    sum.add({ embedding }, embedded.pull(before.carry.hidden))
    disposeTree(before.carry)
    return { told, ...(recorded && { record: recorded.record() }) }
  } catch (error) {
    disposeTree(told)
    recorded?.dispose()
    throw error
  } finally {
    owned.dispose()
  }
}

/** What the scans of a group keep, within one budget, and when they pause. */
function keepingOf({ checkpointEvery, memoryBudget = defaultMemoryBudget, signal }: WalkOptions) {
  const everything = checkpointEvery === 'everything'
  const stride = typeof checkpointEvery === 'number' ? Math.max(1, checkpointEvery) : undefined
  return {
    tapes: new TapeBudget(everything ? Infinity : stride === undefined ? memoryBudget : 0),
    stride,
    pause: async () => {
      if (!signal) return
      await pause()
      signal.throwIfAborted()
    },
  }
}

/** What a walk frees in the end, whatever happened: the last first. */
class Owned {
  private readonly held: { dispose(): void }[] = []

  add(...held: { dispose(): void }[]): void {
    this.held.push(...held)
  }

  dispose(): void {
    for (const each of this.held.toReversed()) each.dispose()
  }
}
