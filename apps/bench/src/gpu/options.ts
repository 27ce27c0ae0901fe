import { UserError, wholeNumber } from '@ttt-e2e/cli'
import { resolve } from 'node:path'
import { readSystems } from '../system-names'
import { readSizes } from '../timing/options'
import type { SpeedSizeName } from '../timing/sizes'

/** The command line of `gpu` as it was typed. */
export interface RawGpuOptions {
  out: string
  engines: string
  precisions: string
  size: string
  systems: string
  length?: string
  contexts: string
  reps: string
  peers?: string
  python: string
  minutes: string
  only?: string
  tune?: boolean
}

/** A checked command line; paths are absolute. */
export interface GpuOptions {
  /** Folder for all that comes of it. */
  out: string
  engines: string[]
  /** Also such as no engine has: a part then says so. */
  precisions: string[]
  sizes: SpeedSizeName[]
  systems: string[]
  /** Tokens of a training sequence, and of what is read, where not the size's own. */
  length?: number
  /** Tokens of ever longer texts. */
  contexts: number[]
  reps: number
  peers?: string
  python: string
  minutes: number
  /** Whether webgpu's tiles are chosen for the card first. */
  tune: boolean
  /** Parts by their names; all where left out. */
  only?: string[]
}

/**
 * Checks what was typed; relative paths are relative to `caller`.
 *
 * @throws UserError naming what was given and what is allowed
 */
export function readGpuOptions(raw: RawGpuOptions, caller: string): GpuOptions {
  const contexts = namesIn(raw.contexts).map((given) => wholeNumber('contexts', given, 2 ** 22)!)
  if (contexts.some((length, i) => i > 0 && length <= contexts[i - 1]))
    throw new UserError(`--contexts is '${raw.contexts}'; each must be longer than the one before`)
  return {
    out: resolve(caller, raw.out),
    engines: namesIn(raw.engines),
    precisions: namesIn(raw.precisions),
    sizes: readSizes(raw.size),
    systems: readSystems(raw.systems),
    length: wholeNumber('length', raw.length, 2 ** 20),
    contexts,
    reps: wholeNumber('reps', raw.reps, 1000)!,
    peers: raw.peers === undefined ? undefined : resolve(caller, raw.peers),
    python: raw.python.includes('/') ? resolve(caller, raw.python) : raw.python,
    minutes: wholeNumber('minutes', raw.minutes, 24 * 60)!,
    tune: raw.tune ?? false,
    only: raw.only === undefined ? undefined : namesIn(raw.only),
  }
}

const namesIn = (given: string): string[] => given.split(',').map((name) => name.trim())
