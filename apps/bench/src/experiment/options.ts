import { oneOf, UserError, wholeNumber } from '@ttt-e2e/cli'
import { definitionOf } from '@ttt-e2e/baselines'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { resolve } from 'node:path'
import { isGiven } from '../given/given-model'
import { readSystems } from '../system-names'
import { taskNames, type TaskName } from '../tasks'
import { defaultSystems, presetNames, type PresetName } from './presets'

/** The command line as it was typed. */
export interface RawOptions {
  systems?: string
  preset?: string
  engine: string
  precision?: string
  threads?: string
  workers?: string
  seeds?: string
  firstSeed?: string
  data?: string
  textField?: string
  out?: string
  model?: string
  expand?: boolean
  task?: string
  probe?: string[]
  only?: string
  set?: string[]
}

/** A checked command line; paths are absolute. */
export interface BenchOptions {
  /** Absent where the caller named none. */
  systems?: string[]
  preset?: PresetName
  engine: string
  precision?: Precision
  threads?: number
  workers?: number
  seeds?: number
  /** The first of the seeds; 0 where left out. */
  firstSeed?: number
  data?: string
  /** Of `data`: the field or column that holds the text; text where left out. */
  textField?: string
  out?: string
  /** A folder of stored runs, or a model of any format. */
  model?: string
  /** Makes a given model's weights float32, where they would stay quantised. */
  expand?: boolean
  task?: TaskName
  /** Modules of probes beside the bench's own. */
  probes?: string[]
  /** Names of the probes that are asked alone. */
  only?: string[]
  /** Changes of the tasks' recipes, as `size.window=16`. */
  settings?: string[]
}

/** Those that choose tasks. */
export type TaskOptions = Pick<BenchOptions, 'data' | 'textField' | 'model' | 'task'>

/**
 * Checks what was typed; relative paths are relative to `caller`.
 *
 * @throws UserError naming what was given and what is allowed
 */
export function readOptions(raw: RawOptions, caller: string): BenchOptions {
  const path = (given: string | undefined) => (given === undefined ? undefined : resolve(caller, given))
  if (raw.data !== undefined && raw.task !== undefined)
    throw new UserError(
      `--task ${raw.task} and --data ${raw.data} were both given; your own text is the only task of its run`,
    )
  if (raw.textField !== undefined && raw.data === undefined)
    throw new UserError('--text-field says where the text of --data is; give both')
  const model = path(raw.model)
  if (isGiven(model)) refuseTraining(raw)
  else if (raw.model !== undefined && raw.preset !== undefined)
    throw new UserError(
      `--model ${raw.model} and --preset ${raw.preset} were both given; a stored run has its own preset`,
    )
  else if (raw.set !== undefined && raw.model !== undefined)
    throw new UserError(
      `--set ${raw.set[0]} and --model ${raw.model} were both given; a stored run stays as it was trained`,
    )
  const threads = wholeNumber('threads', raw.threads, 1024)
  const workers = wholeNumber('workers', raw.workers, 1024)
  if (threads !== undefined && workers !== undefined && workers > threads)
    throw new UserError(
      `--workers is ${workers} and --threads ${threads}; the workers share the threads, so there are at most as many`,
    )
  return {
    systems: raw.systems === undefined ? undefined : readSystems(raw.systems),
    preset: oneOf('preset', raw.preset, presetNames),
    engine: raw.engine,
    precision: oneOf('precision', raw.precision, precisions),
    threads,
    workers,
    seeds: wholeNumber('seeds', raw.seeds, 100),
    firstSeed: wholeNumber('first-seed', raw.firstSeed, 1_000_000, 0),
    data: path(raw.data),
    ...(raw.textField !== undefined && { textField: raw.textField }),
    out: path(raw.out),
    model,
    expand: raw.expand,
    task: oneOf('task', raw.task, taskNames),
    probes: raw.probe?.map((each) => resolve(caller, each)),
    settings: raw.set,
    only: raw.only?.split(',').map((name) => name.trim()),
  }
}

/** @throws UserError for an option that chooses what is trained beside a model that is read with as it is */
function refuseTraining(raw: RawOptions): void {
  const { systems, seeds, firstSeed, task, workers } = raw
  for (const [name, given] of Object.entries({ systems, seeds, 'first-seed': firstSeed, task, workers }))
    if (given !== undefined)
      throw new UserError(
        `--${name} ${given} and --model ${raw.model} were both given; that model is read with as it is, by itself, and nothing is trained`,
      )
}

/**
 * The systems of a run in the order asked for, each after the one whose weights it reads with: that one belongs to
 * the run even if it wasn't named.
 */
export function withWeights(names: readonly string[] = defaultSystems): string[] {
  return [...new Set(names.flatMap((name) => [definitionOf(name).weightsOf ?? name, name]))].sort(
    (a, b) =>
      Number(definitionOf(a).weightsOf !== undefined) - Number(definitionOf(b).weightsOf !== undefined),
  )
}
