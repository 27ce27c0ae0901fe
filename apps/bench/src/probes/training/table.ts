import type { Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import type { LiveMemory } from '../probe'
import type { TrainingMeasured } from './measure'
import type { TrainingSummary } from './summarise'

/** What was trained, how fast, and whether it had converged by the rule. */
export function trainingTable({ measured }: ProbeResults<TrainingMeasured, TrainingSummary>): Table[] {
  return [
    {
      title: 'training',
      columns: ['system', 'seed', 'steps', 'tokens', 'tokens/s', 'tensors alive', 'learning curve'],
      rows: measured.map(({ system, seed, value: run }) => [
        system,
        String(seed),
        run.steps < run.plannedSteps ? `${run.steps} of ${run.plannedSteps}` : String(run.steps),
        `${(run.tokens / 1e6).toFixed(2)}M`,
        run.seconds > 0 ? Math.round(run.tokens / run.seconds).toLocaleString('en-US') : '–',
        run.memory ? `${show(run.memory.first)} → ${show(run.memory.last)}` : '–',
        run.failure ?? `${run.converged ? 'converged' : 'not converged'}: ${run.verdict}`,
      ]),
      note: 'tensors alive after the second step of the last process that trained it and after its last step',
    },
  ]
}

const show = ({ tensors, bytes }: LiveMemory) => `${tensors} (${(bytes / 1e6).toFixed(2)} MB)`
