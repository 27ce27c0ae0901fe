import { createRandom, disposeTree, pause } from '@ttt-e2e/tensor-ops'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import type { ReadingPreset } from '../presets'
import type { ReadingSpeed } from '../results'
import { median } from '../statistics'

interface TimedPiece {
  end: number
  seconds: number
  cpuSeconds: number
}

/** Tokens read between two looks at the clock, and the shortest context reported. */
const pieceLength = 64

/**
 * How long reading takes as the context grows: one sequence of random tokens through random weights, timed piece by
 * piece. The time at a context is the median over the pieces of its last quarter, over all repeats; the systems take
 * turns, so that a busy moment of the machine does not fall on one alone.
 *
 * @returns for each system its times
 */
export async function measureReading(
  systems: readonly System[],
  { longestContext, repeats }: ReadingPreset,
  signal: AbortSignal,
  onTurn?: (system: System) => void,
): Promise<ReadingSpeed[][]> {
  const random = createRandom(0)
  const readers = systems.map((system) => ({
    system,
    params: system.decoder.init(random),
    pieces: [] as TimedPiece[],
  }))
  const tokens = Int32Array.from({ length: longestContext }, () =>
    random.integer(systems[0].decoder.config.vocabularySize),
  )
  const few = tokens.subarray(0, 8 * pieceLength)
  try {
    for (const { system, params, pieces } of readers) {
      onTurn?.(system)
      // The first pieces of a process pay for compiling: they are read untimed. A short context is few pieces: a
      // median needs more of them.
      await readTimed(system, params, few, [], signal)
      for (let repeat = 0; repeat < 4; repeat++) await readTimed(system, params, few, pieces, signal)
    }
    for (let repeat = 0; repeat < repeats; repeat++)
      for (const { system, params, pieces } of readers) {
        onTurn?.(system)
        await readTimed(system, params, tokens, pieces, signal)
      }
  } finally {
    for (const { params } of readers) disposeTree(params)
  }
  return readers.map(({ pieces }) => summarise(pieces, longestContext))
}

function summarise(pieces: TimedPiece[], longestContext: number): ReadingSpeed[] {
  const contexts: number[] = []
  for (let context = pieceLength; context <= longestContext; context *= 2) contexts.push(context)
  return contexts.map((context) => {
    const first = Math.min(context * 0.75, context - pieceLength)
    const near = pieces.filter(({ end }) => end <= context && end > first)
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
      await reader.read(tokens.subarray(end - pieceLength, end))
      const seconds = (performance.now() - start) / 1000
      const { user, system: kernel } = process.cpuUsage(cpu)
      pieces.push({ end, seconds, cpuSeconds: (user + kernel) / 1e6 })
      await pause()
      signal.throwIfAborted()
    }
  } finally {
    reader.dispose()
  }
}
