import { byteCount, formatBytes, oneOf, Progress, UserError, wholeNumber } from '@ttt-e2e/cli'
import { carriedBy, keptBorders } from '@ttt-e2e/meta-outer'
import { formatTable } from '@ttt-e2e/report'
import { createRandom, disposeTree, resolveEngine } from '@ttt-e2e/tensor-ops'
import { speedSizeNames, speedSizes } from '../sizes'
import { randomBatch } from '../random-batch'
import { systemOf } from './system-of'
import { nameOf, stepMemoryTable, type StepMemory } from './table'
import { takeStep } from './take-step'
import type { Holds, StepTaken, StepWork } from './work'

/** As it was typed. */
export interface StepMemoryOptions {
  size: string
  system: string
  chunks: string
  length?: string
  memory?: string
  steps: string
  engine: string
  threads?: string
  counted?: boolean
}

/**
 * Prints what a training step of one sequence holds against the number of its chunks: what is carried over their borders,
 * counted, and the process at its fullest, measured; where everything is carried, and where as little as can be; or with a
 * size of the process in view and without.
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
  const memory = byteCount('memory', options.memory)
  const compared: readonly Holds[] = memory === undefined ? ['all', 'least'] : ['standard', memory]
  const progress = new Progress()
  const rows: StepMemory[] = []
  for (const chunks of counts) {
    const shared = { size, system: options.system, length, chunk: length / chunks }
    const row: StepMemory = { ...(await countedMemory(shared)), taken: [] }
    rows.push(row)
    if (options.counted) continue
    const threads = wholeNumber('threads', options.threads, 1024)
    const steps = wholeNumber('steps', options.steps, 1000)!
    for (const holds of compared) {
      const of = `${chunks} chunks, ${nameOf(holds)}`
      progress.update(of)
      const step = { ...shared, engine: options.engine, threads, holds, steps }
      row.taken.push(await takeStep(step, (taken) => progress.update(`${of}, ${inWords(taken)}`)))
    }
  }
  progress.clear()
  process.stdout.write(
    `${formatTable(stepMemoryTable(rows, compared, `${size}, ${options.system}, ${length} tokens`))}\n`,
  )
  return 0
}

/** Without taking a step. @throws UserError for a system that doesn't learn */
export async function countedMemory(
  work: Pick<StepWork, 'size' | 'system' | 'length' | 'chunk'>,
): Promise<Omit<StepMemory, 'taken'>> {
  await resolveEngine('cpu')
  const system = systemOf(work)
  if (!system.rule)
    throw new UserError(
      `'${work.system}' doesn't learn while it reads: nothing is carried from chunk to chunk`,
    )
  const params = system.decoder.init(createRandom(0))
  const batch = randomBatch(speedSizes[work.size].model.vocabularySize, 1, work.length)
  const { chunks, borderBytes, lastingBytes } = carriedBy(system, params, batch)
  disposeTree(params)
  const least = keptBorders(chunks, 0).length
  return { chunks, chunk: work.chunk, least, border: borderBytes, lasting: lastingBytes }
}

const inWords = ({ peak, cpuSeconds, seconds }: StepTaken) =>
  `${formatBytes(peak)}, ${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of processor time`
