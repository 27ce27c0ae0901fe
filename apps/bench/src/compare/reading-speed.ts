import { createRandom, disposeTree } from '@ttt-e2e/tensor-ops'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import type { ReadingPreset } from '../presets'
import type { ReadingSpeed } from '../results'

interface TimedPiece {
  end: number
  seconds: number
  cpuSeconds: number
}

/** Tokens read between two looks at the clock, and the shortest context reported. */
const pieceLength = 64

/**
 * How long reading takes as the context grows: one sequence of random tokens through random weights, timed piece by
 * piece. The time at a context is the median over the pieces of its last quarter, over all repeats.
 */
export async function measureReading(
  system: System,
  { longestContext, repeats }: ReadingPreset,
  signal: AbortSignal,
): Promise<ReadingSpeed[]> {
  const random = createRandom(0)
  const params = system.decoder.init(random)
  const tokens = Int32Array.from({ length: longestContext }, () => random.integer(system.decoder.config.vocabularySize))
  const pieces: TimedPiece[] = []
  try {
    // The first pieces of a process pay for compiling: read one context unseen.
    await readTimed(system, params, tokens.subarray(0, Math.min(4 * pieceLength, longestContext)), [], signal)
    for (let repeat = 0; repeat < repeats; repeat++) await readTimed(system, params, tokens, pieces, signal)
  } finally {
    disposeTree(params)
  }
  const contexts: number[] = []
  for (let context = pieceLength; context <= longestContext; context *= 2) contexts.push(context)
  return contexts.map((context) => {
    const near = pieces.filter(({ end }) => end <= context && end > Math.min(context * 0.75, context - pieceLength))
    const per1000 = (seconds: number[]) => (median(seconds) * 1000) / pieceLength
    return {
      context,
      secondsPer1000: per1000(near.map(({ seconds }) => seconds)),
      cpuSecondsPer1000: per1000(near.map(({ cpuSeconds }) => cpuSeconds)),
    }
  })
}

async function readTimed(
  system: System,
  params: ReturnType<System['decoder']['init']>,
  tokens: Int32Array,
  pieces: TimedPiece[],
  signal: AbortSignal,
): Promise<void> {
  const reader = new Reader(system, params)
  try {
    for (let end = pieceLength; end <= tokens.length; end += pieceLength) {
      const cpu = process.cpuUsage()
      const start = performance.now()
      reader.read(tokens.subarray(end - pieceLength, end))
      const seconds = (performance.now() - start) / 1000
      const { user, system: kernel } = process.cpuUsage(cpu)
      pieces.push({ end, seconds, cpuSeconds: (user + kernel) / 1e6 })
      await new Promise((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
    }
  } finally {
    reader.dispose()
  }
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
