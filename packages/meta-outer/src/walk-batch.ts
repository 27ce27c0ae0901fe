import {
  disposeTree,
  GradientSum,
  pause as wait,
  TapeBudget,
  type Batch,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { carriedBy, keptBorders } from './carried'
import { scanChunks } from './chunk-scan'
import { finalGradients, type Final, type OnFinal } from './final-gradients'
import type { ChunkLosses } from './losses'
import { scanPrefix, type Keep } from './prefix-scan'
import { recordOf, type MetaGradientRecord } from './record'
import type { Sequences } from './sequences'
import { trainedLeaves } from './trained-part'

export interface WalkOptions {
  /** What the rates of inner learning, the rule's and that of mixers, are multiplied with; 1 where left out. */
  innerRateMultiplier?: number
  /**
   * What the backward walk finds in memory. A number n: what is carried over every n-th border of chunks (fast weights
   * and caches) and of the prefix's stages, the rest is computed again (once for n = 1, twice for larger n).
   * 'everything': all intermediate results, nothing is computed twice. Where left out, `memoryBudget` says. The numbers
   * are the same bits.
   */
  checkpointEvery?: number | 'everything'
  /**
   * Bytes that the walk may hold between its steps: first what is carried over as many borders of chunks as fit, at the
   * least over √(2K) of K, then intermediate results, the prefix's first. A chunk's own, while it is pulled back, come
   * on top. Where left out, 6 GiB of results beside what is carried, every border's up to another 6 GiB: the bench's size M
   * takes 1.8 GB a sequence of 2048 tokens, so that up to three of them keep everything.
   */
  memoryBudget?: number
  /** The parameters that gradients are asked for, see `trainedTree`; all where left out. */
  trained?: TensorTree
  /** Sequences that are walked side by side at the most, see `Recipe.training.microBatch`; all where left out. */
  microBatch?: number
  /** Also returns what each chunk computed; not of a batch with documents in its rows. */
  record?: boolean
  /** Checked between chunks; an abort throws its reason and leaves nothing behind. */
  signal?: AbortSignal
}

/** A batch forwards and backwards, nothing read back yet. Whoever asked for it owns the tensors. */
export interface WalkedBatch {
  /** With respect to the parameters that they are asked for, of their form. */
  gradients: TensorTree
  /** [group][chunk] */
  told: ChunkLosses[][]
  record?: MetaGradientRecord
}

/** Bytes that intermediate results may hold where nothing else is said. */
export const defaultMemoryBudget = 6 * 2 ** 30

/** Walks the groups of a batch one after another; see `metaGradient`. @throws the signal's reason */
export async function walkBatch(
  system: System,
  params: Params,
  sequences: Sequences,
  options: WalkOptions,
): Promise<WalkedBatch> {
  const sum = new GradientSum()
  try {
    const walked = await walkGroups(system, params, sequences, 1 / sequences.chunks, options, sum)
    return { gradients: sum.take(options.trained ?? params), ...walked }
  } finally {
    sum.dispose()
  }
}

/** The same with the gradients of a sum over chunks, each handed out when the walk back has met its parameter last. */
export async function walkForSums(
  system: System,
  params: Params,
  sequences: Sequences,
  options: WalkOptions,
  onFinal: OnFinal,
): Promise<ChunkLosses[][]> {
  const sum = new GradientSum()
  try {
    return (await walkGroups(system, params, sequences, 1, options, sum, onFinal)).told
  } finally {
    sum.dispose()
  }
}

/** @param weight of a chunk in what the gradients are of */
async function walkGroups(
  system: System,
  params: Params,
  { groups }: Sequences,
  weight: number,
  options: WalkOptions,
  sum: GradientSum,
  onFinal?: OnFinal,
): Promise<Omit<WalkedBatch, 'gradients'>> {
  const told: ChunkLosses[][] = []
  let record: MetaGradientRecord | undefined
  try {
    for (const [i, { batch }] of groups.entries()) {
      // Those before the last are only added to.
      const final =
        onFinal && i === groups.length - 1
          ? finalGradients(system, params, trainedLeaves(options.trained), sum, onFinal)
          : undefined
      const walked = await walkGroup(system, params, batch, weight, options, sum, final)
      told.push(walked.told)
      record = walked.record
    }
    return { told, ...(record && { record }) }
  } catch (error) {
    disposeTree(told)
    throw error
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
  final?: Final,
): Promise<{ told: ChunkLosses[]; record?: MetaGradientRecord }> {
  const { innerRateMultiplier: rateMultiplier = 1, record = false } = options
  const { ofPrefix, ofChunks } = keepingOf(system, params, batch, options)
  const told: ChunkLosses[] = []
  const recorded = record ? recordOf(system.decoder.prefixBlocks) : undefined
  let [prefix, chunks]: { dispose(): void }[] = []
  try {
    const trained = trainedLeaves(options.trained)
    const rate = { rateMultiplier, trained }
    const { onStage } = recorded ?? {}
    const before = await scanPrefix(system, params, batch, rate, ofPrefix, onStage, final?.stage)
    prefix = before
    const asked = { ...rate, record, ofHidden: before.pull !== undefined }
    const after = await scanChunks(
      system,
      params,
      batch,
      before.hidden,
      asked,
      ofChunks,
      (output, aux, fast) => {
        const { tokenLosses, norm, ...rest } = aux
        told.push({ loss: output.loss, tokenLosses, ...(norm && { norm }) })
        recorded?.onChunk(rest, fast)
      },
    )
    chunks = after
    const hidden = await after.pull(weight, sum)
    final?.suffix()
    if (hidden) await before.pull!(hidden, sum)
    final?.embedding()
    return { told, ...(recorded && { record: recorded.record() }) }
  } catch (error) {
    disposeTree(told)
    recorded?.dispose()
    throw error
  } finally {
    chunks?.dispose()
    prefix?.dispose()
  }
}

/** What the scans of a group keep, within one budget, and when they pause. */
function keepingOf(
  system: System,
  params: Params,
  batch: Batch,
  { checkpointEvery, memoryBudget, signal }: WalkOptions,
): { ofPrefix: Keep; ofChunks: Keep } {
  const pause = async () => {
    if (!signal) return
    await wait()
    signal.throwIfAborted()
  }
  if (checkpointEvery !== undefined) {
    const every = checkpointEvery === 'everything' ? 1 : Math.max(1, checkpointEvery)
    const tapes = new TapeBudget(checkpointEvery === 'everything' ? Infinity : 0)
    const all = { tapes, keeps: (border: number) => border % every === 0, pause }
    return { ofPrefix: all, ofChunks: all }
  }
  const { chunks, borderBytes, lastingBytes, prefixBytes } = carriedBy(system, params, batch)
  const budget = memoryBudget ?? defaultMemoryBudget
  const kept = new Set(keptBorders(chunks, (budget - lastingBytes) / borderBytes))
  const carried = prefixBytes + lastingBytes + kept.size * borderBytes
  const tapes = new TapeBudget(memoryBudget === undefined ? budget : budget - carried)
  return { ofPrefix: { tapes, pause }, ofChunks: { tapes, keeps: (border) => kept.has(border), pause } }
}
