import type { TaskResults } from '../../results'
import type { Table } from '../table'

/** Kernel calls of one training step and how much of their time runs in the engine's own kernels. */
export function kernelsTable({ systems }: TaskResults): Table | undefined {
  const measured = systems.filter(({ kernels }) => kernels !== undefined)
  if (measured.length === 0) return undefined
  return {
    title: 'one training step',
    columns: [
      'system',
      'kernel calls',
      'step seconds',
      'in kernels',
      'of that in own kernels',
      'slowest kernels',
    ],
    rows: measured.map(({ name, kernels }) => {
      const { calls, stepSeconds, kernelSeconds, ownShare, slowest } = kernels!
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`
      const top = slowest
        .slice(0, 3)
        .map((kernel) => `${kernel.name.split('(')[0]} ${percent(kernel.seconds / kernelSeconds)}`)
      return [
        name,
        String(calls),
        stepSeconds.toFixed(3),
        percent(kernelSeconds / stepSeconds),
        percent(ownShare),
        top.join(', '),
      ]
    }),
  }
}
