import { makeFolder, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import type { Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import type { Task } from '@ttt-e2e/training'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** What was measured, and of what. */
interface Place {
  task: string
  probe: string
  system: string
  seed?: number
}

/**
 * Keeps what was measured, so that a comparison that was stopped goes on with the same numbers, times among them. It is
 * measured again where anything differs that it depends on.
 */
export class MeasurementStore {
  /** @param determinants what all measurements depend on, as plain JSON: the commit, the engine */
  constructor(
    private readonly folder: string,
    private readonly determinants: object,
  ) {}

  /**
   * What is stored, or else what is measured now.
   *
   * @param determinants what this one depends on beside what all do, as plain JSON
   */
  async keep<Measured>(
    { task, probe, system, seed }: Place,
    determinants: object,
    measure: () => Promise<Measured>,
  ): Promise<Measured> {
    const folder = join(this.folder, task, probe)
    const path = join(folder, `${system}${seed === undefined ? '' : `-seed-${seed}`}.json`)
    const wanted: unknown = decode(encode({ ...this.determinants, ...determinants }))
    const stored = existsSync(path) ? read<Measured>(path) : undefined
    if (stored && isDeepStrictEqual(stored.determinants, wanted)) return stored.value
    // As it will be read, whether it was stored or not.
    const value = decode(encode(await measure())) as Measured
    makeFolder(folder)
    writeFileDurably(path, encode({ determinants: wanted, value }))
    return value
  }
}

/** Where what is measured of a task is kept: as long as commit, engine, data and recipe are the same. */
export const measurementStore = (
  { recipe, untilConverged, task, given }: Benchmark,
  { measured, provenance: { gitHash, engine } }: Comparison,
): MeasurementStore =>
  new MeasurementStore(measured, {
    gitHash,
    engine: engine.line,
    recipe,
    untilConverged,
    data: task.fingerprint(),
    heldOut: task.heldOut.map(({ id }) => id),
    given: given && { hash: given.model.hash, expanded: given.expanded, read: digestOf(task) },
  })

/** A given model's recipe doesn't say what is read. */
function digestOf({ heldOut }: Task): string {
  const hash = createHash('sha256')
  for (const { tokens } of heldOut) hash.update(tokens)
  return hash.digest('hex')
}

/** A file that can't be read is as good as none: what it holds can be measured again. */
function read<Measured>(path: string): { determinants: unknown; value: Measured } | undefined {
  try {
    return decode(readWholeFile(path).toString()) as { determinants: unknown; value: Measured }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const mark = 'number:'

/** JSON that has NaN and the infinities, too. */
const encode = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'number' && !Number.isFinite(each) ? `${mark}${each}` : each,
  )

const decode = (text: string): unknown =>
  JSON.parse(text, (_, each: unknown) =>
    typeof each === 'string' && each.startsWith(mark) ? Number(each.slice(mark.length)) : each,
  )
