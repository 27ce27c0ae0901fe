import { batchShapeAt, fullLengthFrom } from '@ttt-e2e/meta-outer'
import type { Table } from '@ttt-e2e/report'
import type { TaskResults } from '../experiment/results'
import { trainedOn } from './trained-on'

/** The systems of a task, with what they are. */
export function parametersTable(task: TaskResults): Table {
  const { title, systems, recipe, given } = task
  const { hiddenSize, layers, window, chunk } = recipe.size
  if (given)
    return {
      title,
      columns: ['system', 'parameters', 'what it is'],
      rows: systems.map(({ name, parameters, summary }) => [
        name,
        parameters.toLocaleString('en-US'),
        summary,
      ]),
      note: `${layers} layers of width ${hiddenSize}, tokens of ${given.tokenizer}; ${trainedOn(task, (length) => `trained on sequences of ${length} tokens`)}`,
    }
  const { training } = recipe
  const { batch, length } = batchShapeAt(training, 0)
  const shorter =
    length === training.length
      ? ''
      : `, at first ${length}, ${batch} per step, doubled until step ${fullLengthFrom(training)}`
  return {
    title,
    columns: ['system', 'parameters', 'peak rate', 'the rate is', 'what it is'],
    rows: systems.map(({ name, parameters, peakLearningRate, rateSource, summary }) => [
      name,
      parameters.toLocaleString('en-US'),
      String(peakLearningRate ?? ''),
      rateSource ?? '',
      summary,
    ]),
    note:
      `${layers} layers of width ${hiddenSize}, window ${window}, chunk ${chunk}; trained on sequences of ` +
      `${training.length} tokens, ${training.batch} per step${shorter}; all systems on the same batches`,
  }
}
