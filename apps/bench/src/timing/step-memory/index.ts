import { formatBytes, oneOf, Progress, UserError, wholeNumber } from '@ttt-e2e/cli'
import { carriesOf, carriedBy, strideWithin } from '@ttt-e2e/meta-outer'
import { formatTable, type Table } from '@ttt-e2e/report'
import { createRandom, disposeTree, resolveEngine } from '@ttt-e2e/tensor-ops'
import { speedSizeNames, speedSizes } from '../sizes'
import { randomBatch } from '../random-batch'
import { systemOf } from './system-of'
import { takeStep } from './take-step'
import type { StepTaken, StepWork } from './work'

/** As it was typed. */
export interface StepMemoryOptions {
  size: string
  system: string
  chunks: string
  length?: string
  engine: string
  threads?: string
  counted?: boolean
}

/** What is known at a number of chunks. */
export interface StepMemory {
  chunks: number
  /** Tokens of each. */
  chunk: number
  /** The n whose n-th borders are kept where as little as can be is. */
  stride: number
  /** Bytes over one border. */
  carry: number
  all?: StepTaken
  least?: StepTaken
}

/**
 * Prints what a training step of one sequence holds against the number of its chunks: what is carried over their borders,
 * counted, and the process at its fullest, measured; where everything is carried, and where as little as can be.
 *
 * @returns the exit code
 * @throws UserError for chunks that don't divide the sequence, a system that doesn't learn, or a step that can't be taken
 */
export async function stepMemory(options: StepMemoryOptions): Promise<number> {
  const size = oneOf('size', options.size, speedSizeNames)!
  const length = wholeNumber('length', options.length, 1e7) ?? speedSizes[size].length
  const counts = options.chunks.split(',').map((given) => wholeNumber('chunks', given, length)!)
  const uneven = counts.find((count) => length % count !== 0)
  if (uneven !== undefined)
    throw new UserError(`--chunks ${uneven} don't divide the ${length} tokens of the sequence`)
  const progress = new Progress()
  const rows: StepMemory[] = []
  for (const chunks of counts) {
    const shared = { size, system: options.system, length, chunk: length / chunks }
    const row: StepMemory = await countedMemory(shared)
    rows.push(row)
    if (options.counted) continue
    const step = { ...shared, engine: options.engine, threads: wholeNumber('threads', options.threads, 1024) }
    for (const holds of ['all', 'least'] as const) {
      progress.update(`${chunks} chunks, ${holds}`)
      row[holds] = await takeStep({ ...step, holds })
    }
  }
  progress.clear()
  process.stdout.write(
    `${formatTable(stepMemoryTable(rows, `${size}, ${options.system}, ${length} tokens`))}\n`,
  )
  return 0
}

/** Without taking a step. @throws UserError for a system that doesn't learn */
export async function countedMemory(
  work: Pick<StepWork, 'size' | 'system' | 'length' | 'chunk'>,
): Promise<StepMemory> {
  await resolveEngine('cpu')
  const system = systemOf(work)
  if (!system.rule)
    throw new UserError(
      `'${work.system}' doesn't learn while it reads: nothing is carried from chunk to chunk`,
    )
  const params = system.decoder.init(createRandom(0))
  const batch = randomBatch(speedSizes[work.size].model.vocabularySize, 1, work.length)
  const { chunks, chunkBytes } = carriedBy(system, params, batch)
  disposeTree(params)
  return { chunks, chunk: work.chunk, stride: strideWithin(chunks, 0), carry: chunkBytes }
}

/** What was counted and measured, beside √K. */
export function stepMemoryTable(rows: readonly StepMemory[], of: string): Table {
  const [first] = rows
  const growth = (row: StepMemory) => Math.sqrt(row.chunks / first.chunks)
  const measured = rows.every(({ all, least }) => all && least)
  const beyond = ({ peak, before }: StepTaken) => formatBytes(peak - before)
  return {
    title: `memory of a training step: ${of}`,
    columns: [
      'chunks K',
      'of tokens',
      '√K to the first',
      'carried, all',
      'carried, least',
      'its every',
      ...(measured ? ['step, all', 'step, least', 'its growth', 'CPU s, all', 'CPU s, least'] : []),
    ],
    rows: rows.map((row) => [
      String(row.chunks),
      String(row.chunk),
      growth(row).toFixed(2),
      formatBytes(row.chunks * row.carry),
      formatBytes(carriesOf(row.chunks, row.stride) * row.carry),
      String(row.stride),
      ...(row.all && row.least && first.least
        ? [
            beyond(row.all),
            beyond(row.least),
            ((row.least.peak - row.least.before) / (first.least.peak - first.least.before)).toFixed(2),
            row.all.cpuSeconds.toFixed(2),
            row.least.cpuSeconds.toFixed(2),
          ]
        : []),
    ]),
    note:
      'carried: fast weights and caches over the borders of chunks, counted; its every: each n-th border is kept; ' +
      'step: the process at its fullest less before the step, measured in a process each',
  }
}
