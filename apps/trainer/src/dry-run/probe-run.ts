import {
  disposeRun,
  startRun,
  trainStep,
  type Batch,
  type BatchShape,
  type Recipe,
} from '@ttt-e2e/meta-outer'
import { engineMemory } from '@ttt-e2e/tensor-ops'
import { evaluate } from '@ttt-e2e/training'
import { countStateBytes, type System } from '@ttt-e2e/ttt-inner'

/** What a training step takes, and where documents are read what reading them does. */
export interface ProbedRun {
  /** Of a step. */
  seconds: number
  /** What the first steps take longer, in all. */
  warmUpSeconds: number
  /** Of one evaluation; 0 where there is none. */
  evaluationSeconds: number
  /** Bytes of the whole process at its fullest so far. */
  peak: number
  /** Bytes that the engine had taken from the system after the steps, or the process where that is all there is. */
  reserved: number
}

/** Held-out documents, read in part where all of them would take long. */
export interface ProbedDocuments {
  /** Documents, and their tokens. */
  documents: number
  length: number
  /** Tokens of each to read. */
  most: number
}

/** The first steps record what later ones replay. */
const warmUp = 2
/** Seconds that are enough to time steps, and after which none is begun any more. */
const enough = { timed: 0.6, all: 10 }
/** Documents that an evaluation reads side by side. */
const sideBySide = 8

/**
 * Takes training steps on random tokens and reads random documents, as a run does.
 *
 * @param before the shapes of the batches that come before, whose memory is partly of no use to what comes after
 */
export async function probeRun(
  system: System,
  { training, size }: Recipe,
  { batch, length, microBatch = training.microBatch }: Omit<BatchShape, 'until'>,
  { heldOut, before = [] }: { heldOut?: ProbedDocuments; before?: readonly BatchShape[] } = {},
): Promise<ProbedRun> {
  const sequences = randomBatch(batch, length, size.vocabularySize)
  const state = startRun(system, 0, training.trains)
  try {
    for (const shape of before) {
      const shorter = randomBatch(shape.batch, shape.length, size.vocabularySize)
      for (let step = 0; step < warmUp; step++)
        await trainStep(system, state, shorter, training.optimizer, { microBatch: shape.microBatch })
    }
    const taken: number[] = []
    const began = performance.now()
    let timed = 0
    while (taken.length < 2 || (timed < enough.timed && secondsSince(began) < enough.all)) {
      const startedAt = performance.now()
      await trainStep(system, state, sequences, training.optimizer, { microBatch })
      taken.push(secondsSince(startedAt))
      if (taken.length > warmUp) timed += taken.at(-1)!
    }
    // Tensors of an engine that takes nothing by itself are the process's own.
    const reserved = engineMemory().reserved || process.resourceUsage().maxRSS * 1024
    const { params } = state
    const { seconds: evaluationSeconds, grown } = await probeEvaluation(system, params, size, heldOut)
    const peak = process.resourceUsage().maxRSS * 1024 + grown
    const seconds = typical(taken)
    const warmUpSeconds = Math.max(0, taken.reduce((sum, each) => sum + each, 0) - taken.length * seconds)
    return { seconds, warmUpSeconds, evaluationSeconds, peak, reserved }
  } finally {
    disposeRun(state)
  }
}

/** @returns seconds of the whole evaluation, and what states are larger at the end of documents that were read in part */
async function probeEvaluation(
  system: System,
  params: Parameters<typeof evaluate>[1],
  { vocabularySize }: Recipe['size'],
  heldOut: ProbedDocuments | undefined,
): Promise<{ seconds: number; grown: number }> {
  if (!heldOut || heldOut.documents === 0) return { seconds: 0, grown: 0 }
  const { documents, length, most } = heldOut
  const count = Math.min(documents, sideBySide)
  const part = Math.min(length, most)
  const made = Array.from({ length: count }, (_, i) => randomTokens(part + 1, vocabularySize, i))
  const startedAt = performance.now()
  await evaluate(system, params, made)
  const seconds = secondsSince(startedAt) * (length / part) * Math.ceil(documents / count)
  // What grows is there twice while it does.
  const grown = 2 * count * (countStateBytes(system, length) - countStateBytes(system, part))
  return { seconds, grown: Math.max(0, grown) }
}

/** The middle one of those that replay what was recorded; the last where none does. */
function typical(seconds: readonly number[]): number {
  const replayed = seconds.slice(warmUp).sort((a, b) => a - b)
  return replayed[Math.floor(replayed.length / 2)] ?? seconds.at(-1)!
}

const randomBatch = (batch: number, length: number, vocabularySize: number): Batch => ({
  tokens: randomTokens(batch * (length + 1), vocabularySize),
  mask: new Uint8Array(batch * length).fill(1),
  batch,
  length,
  cursor: null,
})

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1000

const randomTokens = (count: number, vocabularySize: number, from = 0) =>
  Int32Array.from({ length: count }, (_, i) => ((i + from) * 7919) % vocabularySize)
