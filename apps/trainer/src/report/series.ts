import type { MetricsLine, StepLine } from '@ttt-e2e/training'

/** Numbers of a run over its steps that belong in one figure. */
export interface SeriesGroup {
  title: string
  caption: string
  /** Of the axis, with the unit. */
  label: string
  series: readonly Series[]
}

/** One number of a run over its steps. */
export interface Series {
  name: string
  /** Its name in TensorBoard. */
  tag: string
  dash?: string
  /** Undefined in lines that don't tell it. */
  of(line: MetricsLine): number | undefined
}

const ofStep = (of: (line: StepLine) => number | undefined) => (line: MetricsLine) =>
  line.kind === 'step' ? of(line) : undefined

const eighths = Array.from({ length: 8 }, (_, i): Series => {
  const name = `eighth ${i + 1}`
  return { name, tag: `loss by eighth/${i + 1}`, of: ofStep(({ byEighth }) => byEighth?.[i]) }
})

/** What is told of every run: the figures of its report and the scalars of its TensorBoard events. */
export const seriesGroups: readonly SeriesGroup[] = [
  {
    title: 'Loss',
    caption: 'Of the batches that were trained on, and of the held-out documents.',
    label: 'loss (nats per token)',
    series: [
      { name: 'training', tag: 'loss/training', of: ofStep(({ loss }) => loss) },
      {
        name: 'held-out',
        tag: 'loss/held-out',
        dash: '6 4',
        of: (line) => (line.kind === 'held-out' ? line.loss : undefined),
      },
    ],
  },
  {
    title: 'Loss by eighth of the sequence',
    caption:
      'Training loss in the first to the eighth part of the sequences. Later parts have more behind them: how far apart the curves are is what reading on is worth.',
    label: 'loss (nats per token)',
    series: eighths,
  },
  {
    title: 'Gradient norms',
    caption:
      'Outer: of all gradients before the clip. Inner: of the gradients that the model learns by while it reads, before theirs, mean over the chunks.',
    label: 'norm',
    series: [
      { name: 'outer', tag: 'gradient norm/outer', of: ofStep(({ gradientNorm }) => gradientNorm) },
      { name: 'inner', tag: 'gradient norm/inner', dash: '6 4', of: ofStep(({ innerNorm }) => innerNorm) },
    ],
  },
  {
    title: 'Clipped chunks',
    caption: "Share of the chunks whose inner gradient was longer than the rule's clip.",
    label: 'share of chunks (%)',
    series: [
      {
        name: 'clipped',
        tag: 'clipped chunks/percent',
        of: ofStep(({ clippedShare }) => percent(clippedShare)),
      },
    ],
  },
  {
    title: 'Learning rate',
    caption: 'Of the outer optimizer.',
    label: 'learning rate',
    series: [{ name: 'outer', tag: 'rate/outer', of: ofStep(({ learningRate }) => learningRate) }],
  },
  {
    title: 'Inner rate',
    caption: 'Of the steps that the model takes while it reads, with their warm-up.',
    label: 'inner rate',
    series: [{ name: 'inner', tag: 'rate/inner', of: ofStep(({ innerRate }) => innerRate) }],
  },
  {
    title: 'Speed',
    caption: 'Tokens of the batch through the wall time of the step, evaluations and checkpoints left out.',
    label: 'tokens/s',
    series: [{ name: 'training', tag: 'speed/tokens per second', of: ofStep(speedOf) }],
  },
  {
    title: 'Share of the FLOP limit',
    caption:
      "The operations of a step by count, nothing computed twice, through its time, as a share of the rate of the engine's large products when the run was started.",
    label: 'share (%)',
    series: [
      {
        name: 'training',
        tag: 'speed/percent of the FLOP limit',
        of: ofStep(({ flopShare }) => percent(flopShare)),
      },
    ],
  },
  {
    title: 'Memory',
    caption:
      'After each step: of the whole process, and what the engine has taken from the system or the device.',
    label: 'MiB',
    series: [
      {
        name: 'process',
        tag: 'memory/process MiB',
        of: ofStep(({ residentBytes }) => mebibytes(residentBytes)),
      },
      {
        name: 'engine',
        tag: 'memory/engine MiB',
        dash: '6 4',
        of: ofStep(({ engineBytes }) => mebibytes(engineBytes)),
      },
    ],
  },
]

/** Tokens per second of a step, where it says how many tokens it had. */
export function speedOf({ tokens, seconds }: StepLine): number | undefined {
  return tokens === undefined || seconds === 0 ? undefined : tokens / seconds
}

const percent = (share: number | undefined) => (share === undefined ? undefined : 100 * share)
const mebibytes = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / 2 ** 20)
