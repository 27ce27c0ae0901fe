import { opSuites, type OpName } from '@ttt-e2e/kernels/cases'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { resolve } from 'node:path'
import { oneOf, wholeNumber } from '@ttt-e2e/cli'
import { readSizes } from '../options'
import type { SpeedSizeName } from '../sizes'

/** The command line of `ops` as it was typed. */
export interface RawOpsOptions {
  size?: string
  ops?: string
  reps?: string
  engine: string
  precision?: string
  threads?: string
  json?: string
  minutes?: string
}

export interface OpsOptions {
  sizes: SpeedSizeName[]
  ops: OpName[]
  /** Whether products of matrices are timed, too. */
  products: boolean
  /** Timed runs of each op. */
  reps: number
  engines: string[]
  /** What is timed; the suite that decides whether it is runs in f32. */
  precision?: Precision
  threads?: number
  json?: string
  /** Of choosing tiles: after so many no other sizes are tried. */
  minutes?: number
}

/** Checks what was typed. @throws UserError naming what was given and what is allowed */
export function readOpsOptions(raw: RawOpsOptions, caller: string): OpsOptions {
  const known = Object.keys(opSuites) as OpName[]
  const named = raw.ops?.split(',').map((name) => oneOf('op', name.trim(), [...known, 'product'])!)
  return {
    sizes: raw.size === undefined ? ['S', 'M'] : readSizes(raw.size),
    ops: named === undefined ? known : known.filter((name) => named.includes(name)),
    products: named === undefined || named.includes('product'),
    reps: wholeNumber('reps', raw.reps, 1000) ?? 5,
    engines: [...new Set(raw.engine.split(',').map((name) => name.trim()))],
    precision: oneOf('precision', raw.precision, precisions),
    threads: wholeNumber('threads', raw.threads, 1024),
    minutes: wholeNumber('minutes', raw.minutes, 24 * 60),
    json: raw.json === undefined ? undefined : resolve(caller, raw.json),
  }
}
