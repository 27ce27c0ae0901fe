import { byteCount, oneOf, UserError, wholeNumber } from '@ttt-e2e/cli'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { onNonFinite, type OnNonFinite } from '@ttt-e2e/training'
import { resolve } from 'node:path'
import type { RanksToPredict } from './dry-run/predict-ranks'

/** The command line as it was typed. */
export interface RawOptions {
  recipe?: string
  system?: string
  set: string[]
  data?: string
  textField?: string
  out?: string
  /** true where no folder follows. */
  resume?: string | true
  from?: string
  initFrom?: string
  onNonfinite?: string
  engine: string
  precision?: string
  threads?: string
  saveEvery?: string
  spare?: string
  memory?: string
  deterministic?: boolean
  dryRun?: boolean
  ranks?: string
  link?: string
  flops?: string
}

/** A checked command line; paths are absolute. */
export interface TrainerOptions {
  recipe?: string
  system?: string
  settings: string[]
  data?: string
  textField?: string
  out?: string
  resume?: string | true
  from?: string
  /** A pretrained model to begin with. */
  initFrom?: string
  onNonFinite?: OnNonFinite
  engine: string
  /** That of the run, or f32, where left out. */
  precision?: Precision
  threads?: number
  /** Steps between two checkpoints; by time where left out. */
  saveEvery?: number
  /** Where the run is saved if its own folder can't be written to any more. */
  spare?: string
  /** Bytes that the process may take. */
  memory?: number
  /** Whether 1, 2, 4, … ranks compute the same bits. */
  deterministic: boolean
  dryRun: boolean
  /** What a dry run tells of besides. */
  together?: RanksToPredict
  /** Of a machine that a dry run reckons for, per second. */
  flops?: number
}

/**
 * Checks what was typed; relative paths are relative to `caller`.
 *
 * @throws UserError naming what was given and what is allowed
 */
export function readOptions(raw: RawOptions, caller: string): TrainerOptions {
  const path = (given: string | undefined) => (given === undefined ? undefined : resolve(caller, given))
  if (raw.recipe === undefined && raw.resume === undefined)
    throw new UserError(
      'give --recipe NAME to train one, or --resume FOLDER to go on; --help lists the recipes',
    )
  if (raw.textField !== undefined && raw.data === undefined)
    throw new UserError('--text-field says where the text of --data is; give both')
  if (raw.resume !== undefined && raw.from !== undefined)
    throw new UserError('--resume and --from were both given; a run goes on from its own checkpoint')
  if (raw.resume !== undefined && raw.initFrom !== undefined)
    throw new UserError('--resume and --init-from were both given; a run goes on from its own checkpoint')
  if (raw.from !== undefined && raw.initFrom !== undefined)
    throw new UserError('--from and --init-from were both given; a run begins with the weights of one')
  if (raw.flops !== undefined && !raw.dryRun)
    throw new UserError('--flops says what a dry run reckons for; give --dry-run too')
  if (raw.resume === true && raw.recipe === undefined && raw.out === undefined)
    throw new UserError('--resume without a folder needs --recipe or --out to say which run goes on')
  if (typeof raw.resume === 'string' && raw.out !== undefined && path(raw.resume) !== path(raw.out))
    throw new UserError(`--resume ${raw.resume} and --out ${raw.out} differ; a run goes on in its own folder`)
  return {
    recipe: raw.recipe,
    system: raw.system,
    settings: raw.set,
    data: path(raw.data),
    textField: raw.textField,
    out: path(raw.out),
    resume: raw.resume === true ? true : path(raw.resume),
    from: path(raw.from),
    initFrom: path(raw.initFrom),
    onNonFinite: oneOf('on-nonfinite', raw.onNonfinite, onNonFinite),
    engine: raw.engine,
    precision: oneOf('precision', raw.precision, precisions),
    threads: wholeNumber('threads', raw.threads, 1024),
    saveEvery: wholeNumber('save-every', raw.saveEvery, 1e9),
    spare: path(raw.spare),
    memory: byteCount('memory', raw.memory),
    deterministic: raw.deterministic ?? false,
    dryRun: raw.dryRun ?? false,
    flops: floatingPoint(raw.flops),
    ...togetherOf(raw),
  }
}

function togetherOf({ ranks, link, dryRun }: RawOptions): { together?: RanksToPredict } {
  if (ranks === undefined && link === undefined) return {}
  if (!dryRun || ranks === undefined)
    throw new UserError(
      '--ranks and --link say what --dry-run predicts; to train on several ranks, start this by mpirun -n NUMBER',
    )
  const rate = Number(link ?? 1)
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new UserError(`--link is a number of GB/s above 0, not '${link}'`)
  return { together: { ranks: wholeNumber('ranks', ranks, 1e6)!, link: rate * 1e9 } }
}

/** @throws UserError for what is no number of operations per second */
function floatingPoint(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (given.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new UserError(`--flops is '${given}'; it must be a number above 0, e.g. 4e14 for an H100 at 40 %`)
}
