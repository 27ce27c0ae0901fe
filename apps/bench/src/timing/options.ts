import { oneOf, UserError, wholeNumber } from '@ttt-e2e/cli'
import { SizeError } from '@ttt-e2e/swa-transformer'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { resolve } from 'node:path'
import { readSystems } from '../system-names'
import {
  constantStateSystems,
  defaultSpeedSizes,
  defaultSpeedSystems,
  speedSizeNames,
  type SpeedSizeName,
} from './sizes'
import { createSpeedSystem } from './speed-system'

const reads = ['reading', 'decoding'] as const
export type Reads = (typeof reads)[number]

/** The command line of `train-speed` and `read-speed` as it was typed. */
export interface RawSpeedOptions {
  size?: string
  systems?: string
  batch?: string
  length?: string
  reps?: string
  engine: string
  threads?: string
  precision?: string
  peers?: string
  python?: string
  json?: string
  positions?: boolean
  only?: string
}

/** A checked command line; paths are absolute. */
export interface SpeedOptions {
  sizes: SpeedSizeName[]
  systems: string[]
  /** Sequences side by side. */
  batch: number
  /** Tokens of a sequence, where not the size's own. */
  length?: number
  /** Timed runs of each system. */
  reps: number
  engine: string
  threads?: number
  precision: Precision
  /** Folder of Python scripts to run in turn with ours. */
  peers?: string
  python: string
  /** What is timed of a reader, where not both. */
  reads?: Reads
  /** File to write the results to. */
  json?: string
}

/**
 * Checks what was typed; relative paths are relative to `caller`.
 *
 * @throws UserError naming what was given and what is allowed
 */
export function readSpeedOptions(raw: RawSpeedOptions, caller: string): SpeedOptions {
  const besides = (['peers', 'batch', 'length', 'only'] as const).find((name) => raw[name] !== undefined)
  if (raw.positions && besides !== undefined)
    throw new UserError(
      `--positions and --${besides} were both given; against positions one sequence is read, as far as its window says, beside no peers`,
    )
  if (raw.python !== undefined && raw.peers === undefined)
    throw new UserError(
      `--python ${raw.python} was given without --peers; give --peers the folder of the scripts to run`,
    )
  const sizes = readSizes(raw.size)
  const named = raw.systems === undefined ? undefined : readSystems(raw.systems)
  const systems = named ?? (raw.positions ? constantStateSystems : defaultSpeedSystems)
  checkFit(sizes, systems)
  return {
    sizes,
    systems,
    batch: wholeNumber('batch', raw.batch, 4096) ?? 1,
    length: wholeNumber('length', raw.length, 2 ** 20),
    reps: wholeNumber('reps', raw.reps, 1000) ?? 5,
    engine: raw.engine,
    threads: wholeNumber('threads', raw.threads, 1024),
    precision: oneOf('precision', raw.precision, precisions) ?? 'f32',
    peers: raw.peers === undefined ? undefined : resolve(caller, raw.peers),
    python: readPython(raw.python, caller),
    reads: oneOf('only', raw.only, reads),
    json: raw.json === undefined ? undefined : resolve(caller, raw.json),
  }
}

/** A name is looked up on the PATH, as in a shell; a path has a slash, on Windows either one. */
const readPython = (given = 'python3', caller: string) =>
  /[/\\]/.test(given) ? resolve(caller, given) : given

/** @throws UserError if a system can't be built at a size */
function checkFit(sizes: readonly SpeedSizeName[], systems: readonly string[]): void {
  for (const size of sizes)
    for (const system of systems)
      try {
        createSpeedSystem(system, size)
      } catch (error) {
        if (!(error instanceof SizeError)) throw error
        throw new UserError(`${system} can't be measured at --size ${size}: ${error.message}`)
      }
}

/** Sizes separated by commas; the default ones where left out. */
export function readSizes(given: string | undefined): SpeedSizeName[] {
  if (given === undefined) return defaultSpeedSizes
  const names = given.split(',').map((name) => oneOf('size', name.trim(), speedSizeNames)!)
  return [...new Set(names)]
}
