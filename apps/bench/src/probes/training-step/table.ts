import type { Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import type { StepMeasured } from './measure'
import type { StepSummary } from './summarise'

/** What one training step takes as it runs, and how much of a profiled one runs in the engine's own kernels. */
export function stepTable({ measured, summary }: ProbeResults<StepMeasured, StepSummary>): Table[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return [
    {
      title: 'one training step',
      columns: [
        'system',
        'step seconds, replayed',
        'kernel calls',
        'read-backs',
        'profiled: in kernels',
        'of that in own kernels',
        'slowest kernels',
      ],
      rows: measured.map(({ system, value: { profile } }) => {
        const { stepSeconds, calls, kernelShare, ownShare } = summary[system]
        const top = profile.kernels
          .slice(0, 3)
          .map(({ name, seconds }) => `${name.split('(')[0]} ${percent(seconds / profile.kernelSeconds)}`)
        return [
          system,
          stepSeconds.toFixed(3),
          String(calls),
          String(profile.readBacks),
          percent(kernelShare),
          percent(ownShare),
          top.join(', '),
        ]
      }),
      note:
        'step seconds: median of steps as they run in training, where recorded programs are replayed; the kernels are ' +
        'those of another step, run one by one so that each can be timed, which takes longer',
    },
  ]
}
