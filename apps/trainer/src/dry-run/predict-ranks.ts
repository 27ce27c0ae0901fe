import { formatBytes, UserError } from '@ttt-e2e/cli'
import type { Recipe } from '@ttt-e2e/meta-outer'

export interface RanksToPredict {
  ranks: number
  /** Bytes that a rank can send, and receive, in a second. */
  link: number
}

/** What a rank by itself takes for its rows. */
export interface RowsCost {
  /** Sequences. */
  rows: number
  seconds: number
  /** Bytes at its fullest. */
  peak: number
}

/** Of a step, the share in which the walk back goes on while sums travel: the suffix is back before a prefix of its size. */
const hidingShare = 1 / 3

/** The most sequences that a rank has. @throws UserError for ranks that would have none */
export function rowsOfRank({ training: { batch } }: Recipe, ranks: number): number {
  if (ranks > batch)
    throw new UserError(
      `--ranks ${ranks} are more than the ${batch} sequences of a step: give as many at the most, or --set training.batch=${ranks}`,
    )
  return Math.ceil(batch / ranks)
}

/**
 * What ranks that train together should take: each walks its rows; sums go to their owners while the walk back goes on, and
 * what doesn't fit into that time is waited for, as the parameters that come back are.
 *
 * @param own a rank's rows, as one process would take them
 * @returns rows of a table
 */
export function predictRanks(
  { training: { batch } }: Recipe,
  parameters: number,
  own: RowsCost,
  { ranks, link }: RanksToPredict,
): [name: string, value: string][] {
  const bytes = 4 * parameters
  // To and from the owners of each part: all of it but one's own.
  const travel = (bytes * (ranks - 1)) / ranks / link
  const handling = 4 * parameters * secondsPerElement()
  const waited = Math.max(0, travel - hidingShare * own.seconds) + travel + handling
  const seconds = own.seconds + (ranks > 1 ? waited : 0)
  const alone = (own.seconds * batch) / own.rows
  const moments = 2 * bytes * (1 - 1 / ranks)
  // What is sent, and what comes of it, while gradients are summed.
  const buffers = ranks > 1 ? 2 * bytes : 0
  const held = 2 * bytes + (2 * bytes) / ranks
  return [
    ['on ranks', `${ranks}, ${own.rows} sequences each at the most, ${link / 1e9} GB/s between them`],
    [
      'a step on them',
      `${seconds.toPrecision(3)} s: ${own.seconds.toPrecision(3)} s of computation, ${(seconds - own.seconds).toPrecision(2)} s of waiting for ` +
        `${formatBytes((2 * bytes * (ranks - 1)) / ranks)} to go and to come`,
    ],
    ['their efficiency', `${Math.round((100 * alone) / (ranks * seconds))} % of ${ranks} × one process`],
    [
      'memory of a rank',
      `${formatBytes(own.peak - moments + buffers)}, of it ${formatBytes(held)} weights, gradients and its part of the moments`,
    ],
  ]
}

/** What one pass over values takes, for each, measured: ranks make about four over all gradients and parameters. */
function secondsPerElement(): number {
  const values = new Float32Array(1 << 20).fill(1)
  const other = new Float32Array(values.length)
  let best = Infinity
  for (let i = 0; i < 5; i++) {
    const startedAt = performance.now()
    other.set(values)
    for (let j = 0; j < other.length; j++) other[j] *= 0.5
    best = Math.min(best, (performance.now() - startedAt) / 1000)
  }
  return best / 2 / values.length
}
