import { UserError } from '@ttt-e2e/cli'
import type { SpeedSizeName } from '../timing/sizes'
import type { GpuOptions } from './options'

/** What the parts' own limits are made for; who gives more time has a slow machine. */
export const usualMinutes = 9

/** One command of the bench, in a process of its own. */
export interface Part {
  /** e.g. "webgpu-f32-125m-training". */
  name: string
  /** The command line behind `bench`; `--json FILE` is added to those that write one. */
  command: string[]
  writesJson: boolean
  /** What it may take at the most, where all have nine minutes. */
  seconds: number
  /** Where one of a family can't run, the later ones, which ask for more, aren't tried. */
  family?: string
}

/**
 * What is measured, the most telling first: a machine may be at hand for minutes only.
 *
 * @throws UserError where `only` names none
 */
export function partsOf(options: GpuOptions): Part[] {
  const { engines, precisions, sizes, only } = options
  const [engine, ...otherEngines] = engines
  const [precision, ...otherPrecisions] = precisions
  const [size, ...otherSizes] = sizes
  const parts = [
    ...(options.tune ? [tune(options)] : []),
    doctor(engine),
    ...speeds(options, { engine, precision, size }),
    ...contexts(options, { engine, precision, size }),
    ...otherSizes.flatMap((other) => speeds(options, { engine, precision, size: other })),
    ...otherPrecisions.flatMap((other) =>
      sizes.flatMap((size) => speeds(options, { engine, precision: other, size })),
    ),
    ...otherEngines.flatMap((other) => [
      doctor(other),
      ...sizes.flatMap((size) => speeds(options, { engine: other, precision, size })),
    ]),
  ]
  if (only === undefined) return parts
  const known = parts.map(({ name }) => name)
  const unknown = only.find((wanted) => !known.some((name) => name.startsWith(wanted)))
  if (unknown !== undefined)
    throw new UserError(`--only is '${unknown}'; the parts are ${known.join(', ')}, or what they begin with`)
  return parts.filter(({ name }) => only.some((wanted) => name.startsWith(wanted)))
}

interface Setting {
  engine: string
  precision: string
  size: SpeedSizeName
}

const doctor = (engine: string): Part => ({
  name: `${engine}-doctor`,
  command: ['doctor', '--engine', engine],
  writesJson: false,
  seconds: 90,
})

/** At shapes that are large enough for tiles to matter, and soon done; what is chosen within the part's time is kept. */
const tune = ({ minutes }: GpuOptions): Part => ({
  name: 'webgpu-tune',
  command: `ops --tune --size M --reps 3 --minutes ${Math.floor((2.5 * Math.max(usualMinutes, minutes)) / usualMinutes)}`.split(' '), // prettier-ignore
  writesJson: false,
  seconds: 180,
})

const nameOf = ({ engine, precision, size }: Setting) => `${engine}-${precision}-${size}`

function speeds(options: GpuOptions, setting: Setting): Part[] {
  const part = (name: string, command: string[], seconds: number): Part => ({
    name: `${nameOf(setting)}-${name}`,
    command: [...command, ...shared(options, setting), ...besides(options)],
    writesJson: true,
    seconds,
  })
  const length = options.length === undefined ? [] : ['--length', String(options.length)]
  return [
    part('training', ['train-speed', ...length], 240),
    part('reading', ['read-speed', '--only', 'reading', ...length], 120),
    part('decoding', ['read-speed', '--only', 'decoding'], 120),
  ]
}

/** Seconds per 1000 tokens against how long the text is, as far as it fits. */
const contexts = (options: GpuOptions, setting: Setting): Part[] =>
  options.contexts.map((length) => ({
    name: `${nameOf(setting)}-context-${length}`,
    command: ['read-speed', '--only', 'reading', '--length', String(length), ...shared(options, setting)],
    writesJson: true,
    seconds: 120,
    family: `${nameOf(setting)}-context`,
  }))

const shared = ({ systems, reps }: GpuOptions, { engine, precision, size }: Setting): string[] =>
  `--engine ${engine} --precision ${precision} --size ${size} --systems ${systems.join()} --reps ${reps}`.split(
    ' ',
  )

const besides = ({ peers, python }: GpuOptions): string[] =>
  peers === undefined ? [] : ['--peers', peers, '--python', python]
