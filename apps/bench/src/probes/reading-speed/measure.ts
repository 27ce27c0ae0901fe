import { createRandom, disposeTree, pause } from '@ttt-e2e/tensor-ops'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import type { SystemsContext } from '../probe'

/** The reading of a piece of 64 tokens. */
export interface TimedPiece {
  /** Tokens read at its end. */
  end: number
  seconds: number
  cpuSeconds: number
}

/** How far reading is timed. */
export interface ReadingSizes {
  /** The longest context, in windows; the shortest is 64 tokens. */
  windows: number
  /** Times that each system reads it. */
  repeats: number
}

/** Tokens read between two looks at the clock, and the shortest context reported. */
export const pieceLength = 64

/**
 * How long reading takes as the context grows: one sequence of random tokens through random weights, timed piece by
 * piece. The systems take turns, so that a busy moment of the machine does not fall on one alone.
 *
 * @returns for each system the pieces of all repeats
 */
export async function measureReading(context: SystemsContext<ReadingSizes>): Promise<TimedPiece[][]> {
  const { systems, benchmark, signal, onTurn, sizes } = context
  const { windows, repeats } = sizes
  const longestContext = Math.max(2 * pieceLength, windows * benchmark.recipe.size.window)
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
      onTurn(system.name)
      // The first pieces of a process pay for compiling: they are read untimed. A short context is few pieces: a
      // median needs more of them.
      await readTimed(system, params, few, [], signal)
      for (let repeat = 0; repeat < 4; repeat++) await readTimed(system, params, few, pieces, signal)
    }
    for (let repeat = 0; repeat < repeats; repeat++)
      for (const { system, params, pieces } of readers) {
        onTurn(system.name)
        await readTimed(system, params, tokens, pieces, signal)
      }
  } finally {
    for (const { params } of readers) disposeTree(params)
  }
  return readers.map(({ pieces }) => pieces)
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
