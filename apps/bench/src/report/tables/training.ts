import type { Memory, TaskResults } from '../../results'
import type { Table } from '../table'

/** What was trained, how fast, and whether it had converged by the rule. */
export function trainingTable({ systems }: TaskResults): Table | undefined {
  const rows = systems
    .filter(({ weightsOf }) => weightsOf === undefined)
    .flatMap(({ name, runs }) =>
      runs.map((run) => [
        name,
        String(run.seed),
        run.steps < run.plannedSteps ? `${run.steps} of ${run.plannedSteps}` : String(run.steps),
        `${(run.tokens / 1e6).toFixed(2)}M`,
        run.seconds > 0 ? Math.round(run.tokens / run.seconds).toLocaleString('en-US') : '–',
        run.memory ? `${memory(run.memory.first)} → ${memory(run.memory.last)}` : '–',
        run.failure ?? `${run.converged ? 'converged' : 'not converged'}: ${run.verdict}`,
      ]),
    )
  if (rows.length === 0) return undefined
  return {
    title: 'training',
    columns: ['system', 'seed', 'steps', 'tokens', 'tokens/s', 'tensors alive', 'learning curve'],
    rows,
    note: 'tensors alive after the second step of the last process that trained it and after its last step',
  }
}

const memory = ({ tensors, bytes }: Memory) => `${tensors} (${(bytes / 1e6).toFixed(2)} MB)`
