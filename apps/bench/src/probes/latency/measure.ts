import { createRandom, disposeTree, pause } from '@ttt-e2e/tensor-ops'
import { Reader, type Params, type System } from '@ttt-e2e/ttt-inner'
import { median } from '../../statistics'
import { randomTokens } from '../../timing/random-batch'
import type { SystemsContext } from '../probe'

/** How far reading and decoding are timed. */
export interface LatencySizes {
  /** The longest context, in windows; the shortest is that of one piece. */
  windows: number
  /** Times that each system reads it. */
  repeats: number
}

/** What a system takes after so many tokens; each row is of one repeat, each column of a context. */
export interface LatencyMeasured {
  contexts: number[]
  /** Wall and CPU seconds to read 1000 tokens: medians of the pieces that end in a context's last quarter. */
  reading: number[][]
  readingCpu: number[][]
  /** Wall seconds for each token that is decoded after a context, learning on the way where the system learns. */
  decoding: number[][]
  /** Bytes that the reader remembers at a context. */
  stateBytes: number[]
}

/** Tokens read between two looks at the clock, and the shortest context. */
const pieceLength = 64

/**
 * How long reading and decoding take as the context grows: one sequence of random tokens through random weights, or
 * those that are given. The systems take turns, so that a busy moment of the machine does not fall on one alone.
 */
export async function measureLatency({
  systems,
  weights,
  benchmark,
  signal,
  onTurn,
  sizes,
}: SystemsContext<LatencySizes>): Promise<LatencyMeasured[]> {
  const { vocabularySize, window } = benchmark.recipe.size
  const contexts = contextsUpTo(Math.max(2 * pieceLength, sizes.windows * window))
  const tokens = randomTokens(vocabularySize, contexts.at(-1)!)
  const random = createRandom(0)
  const timed = systems.map((system) => ({
    system,
    params: weights ?? system.decoder.init(random),
    measured: { contexts, reading: [], readingCpu: [], decoding: [], stateBytes: [] } as LatencyMeasured,
  }))
  try {
    // The first pieces of a process pay for compiling: they are read untimed.
    for (const { system, params } of timed) {
      onTurn(system.name)
      await readOnce(system, params, tokens.subarray(0, shortest), contexts, noted(contexts), signal)
    }
    for (let repeat = 0; repeat < sizes.repeats; repeat++)
      for (const { system, params, measured } of timed) {
        onTurn(system.name)
        const notes = noted(contexts)
        for (let short = 0; short < shortReadings; short++)
          await readOnce(system, params, tokens.subarray(0, shortest), contexts, notes, signal)
        await readOnce(system, params, tokens, contexts, notes, signal)
        const per1000 = (seconds: number[]) => (median(seconds) * 1000) / pieceLength
        measured.reading.push(notes.map(({ seconds }) => per1000(seconds)))
        measured.readingCpu.push(notes.map(({ cpuSeconds }) => per1000(cpuSeconds)))
        measured.decoding.push(notes.map(({ decoding }) => median(decoding)))
        measured.stateBytes = notes.map(({ stateBytes }) => stateBytes)
      }
  } finally {
    for (const { params } of timed) if (params !== weights) disposeTree(params)
  }
  return timed.map(({ measured }) => measured)
}

/** A short context is few pieces: a median needs more of them. */
const shortest = 8 * pieceLength
const shortReadings = 4

/** What was seen around a context. */
interface Noted {
  /** Of each piece that ends in its last quarter. */
  seconds: number[]
  cpuSeconds: number[]
  /** Of a token. */
  decoding: number[]
  stateBytes: number
}

const noted = (contexts: readonly number[]): Noted[] =>
  contexts.map(() => ({ seconds: [], cpuSeconds: [], decoding: [], stateBytes: 0 }))

function contextsUpTo(longest: number): number[] {
  const contexts: number[] = []
  for (let context = pieceLength; context <= longest; context *= 2) contexts.push(context)
  return contexts
}

async function readOnce(
  system: System,
  params: Params,
  tokens: Int32Array,
  contexts: readonly number[],
  notes: Noted[],
  signal: AbortSignal,
): Promise<void> {
  const reader = new Reader(system, params)
  try {
    for (const [i, context] of contexts.entries()) {
      if (context > tokens.length) return
      const note = notes[i]
      while (reader.position < context) {
        const end = reader.position + pieceLength
        const { seconds, cpuSeconds } = await timePiece(reader, tokens.subarray(reader.position, end))
        if (end > Math.min(0.75 * context, context - pieceLength)) {
          note.seconds.push(seconds)
          note.cpuSeconds.push(cpuSeconds)
        }
        await pause()
        signal.throwIfAborted()
      }
      note.stateBytes = reader.stateBytes()
      note.decoding.push(await timeDecoding(reader, tokens, system.rule?.chunk))
    }
  } finally {
    reader.dispose()
  }
}

async function timePiece(
  reader: Reader,
  tokens: Int32Array,
): Promise<{ seconds: number; cpuSeconds: number }> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await reader.read(tokens)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

/** Mean seconds of a token that is decoded; as many steps of learning fall on these as on any others. */
async function timeDecoding(reader: Reader, tokens: Int32Array, chunk = 1): Promise<number> {
  const count = chunk * Math.ceil(16 / chunk)
  const fork = reader.fork()
  try {
    // The first one pays for memory that the fork shares.
    await fork.read(tokens.slice(0, 1))
    await fork.nextLogits()
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      await fork.read(tokens.slice(i, i + 1))
      await fork.nextLogits()
    }
    return (performance.now() - start) / 1000 / count
  } finally {
    fork.dispose()
  }
}
