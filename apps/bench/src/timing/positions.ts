import { createRandom, disposeTree, pause } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { formatBytes } from '@ttt-e2e/cli'
import { formatTable, type Table } from '@ttt-e2e/report'
import { speedSizes, type SpeedSizeName } from './sizes'
import { median, slopeOfMedians, type Slope } from '../statistics'
import { interleave } from './interleave'
import type { SpeedOptions } from './options'
import { randomTokens } from './random-batch'
import { recordSpeed, type Measuring } from './record'
import { createSpeedSystem } from './speed-system'
import { digits } from './speed-table'

/** What reading costs after so many tokens. */
export interface PositionCost {
  position: number
  /** Bytes that the reader remembers. */
  stateBytes: number
  /** CPU time of one token in each round. */
  cpuSeconds: number[]
}

export interface PositionSpeed {
  size: SpeedSizeName
  system: string
  positions: PositionCost[]
  /** Change of the CPU time per token from the first position to the last, as a share of its mean. */
  change: Slope
}

/** How far reading goes, in windows; positions double from the first window on. */
const windows = 128

/**
 * Measures CPU time per token and bytes of state against the tokens read before, from the window's length to 128 times
 * that: at each position a fork of one long reading reads the same next tokens, and the positions take turns.
 *
 * @returns the exit code
 * @throws UserError or EngineError for a request that can't be met
 */
export function positionSpeed(options: SpeedOptions): Promise<number> {
  return recordSpeed<PositionSpeed>('read-speed --positions', options, async (measuring) => {
    const { progress, rows } = measuring
    for (const size of options.sizes)
      for (const name of options.systems) {
        const speed = await measurePositions(size, name, options.reps, measuring)
        rows.push(speed)
        progress.clear()
        progress.print(`\n${formatTable(positionsTable(speed))}`)
      }
  })
}

async function measurePositions(
  size: SpeedSizeName,
  name: string,
  rounds: number,
  { progress, signal }: Measuring<PositionSpeed>,
): Promise<PositionSpeed> {
  const { window, chunk, vocabularySize } = speedSizes[size].model
  const system = createSpeedSystem(name, size)
  const params = system.decoder.init(createRandom(0))
  // Whole chunks, so that each position has as many inner steps.
  const piece = randomTokens(vocabularySize, Math.max(window, 2 * chunk))
  const read = async (reader: Reader, to: number) => {
    while (reader.position < to) {
      await reader.read(
        randomTokens(vocabularySize, Math.min(piece.length, to - reader.position), reader.position),
      )
      await pause()
      signal.throwIfAborted()
    }
  }
  const readers: Reader[] = []
  const long = new Reader(system, params)
  try {
    for (let position = window; position <= windows * window; position *= 2) {
      progress.update(`${size} · ${name} · reads ${position} tokens`)
      await read(long, position)
      readers.push(long.fork())
    }
    const contenders = readers.map((reader) => ({
      name: `${size} · ${name} · after ${reader.position} tokens`,
      async run() {
        const fork = reader.fork()
        await fork.read(piece)
        fork.dispose()
      },
    }))
    for (const { run } of contenders) await run()
    const samples = await interleave(contenders, { rounds, signal, onTurn: (turn) => progress.update(turn) })
    const positions = readers.map((reader, i): PositionCost => ({
      position: reader.position,
      stateBytes: reader.stateBytes(),
      cpuSeconds: samples[i].cpuSeconds.map((seconds) => seconds / piece.length),
    }))
    return { size, system: name, positions, change: changeOf(positions) }
  } finally {
    for (const reader of [long, ...readers]) reader.dispose()
    disposeTree(params)
  }
}

/** The slope of the medians against the position, over the whole way. */
function changeOf(positions: readonly PositionCost[]): Slope {
  const last = positions.at(-1)!.position - positions[0].position
  const mean = positions.reduce((sum, { cpuSeconds }) => sum + median(cpuSeconds), 0) / positions.length
  const rounds = positions[0].cpuSeconds.map((_, round) =>
    positions.map(({ cpuSeconds }) => cpuSeconds[round] / mean),
  )
  return slopeOfMedians(
    positions.map(({ position }) => position / last),
    rounds,
  )
}

function positionsTable({ size, system, positions, change }: PositionSpeed): Table {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const { slope, explained, low, high } = change
  const range = low === undefined ? '' : `, 95 % interval ${percent(low)} to ${percent(high!)}`
  return {
    title: `${size} · ${system} · reading against the tokens read before`,
    columns: ['position', 'CPU microseconds a token', 'state'],
    rows: positions.map(({ position, cpuSeconds, stateBytes }) => [
      String(position),
      digits(1e6 * median(cpuSeconds)),
      formatBytes(stateBytes),
    ]),
    note:
      `medians of ${positions[0].cpuSeconds.length} rounds; slope over the whole way ${percent(slope)}${range}; ` +
      `a straight line explains ${percent(explained)} of their variance (R²)`,
  }
}
