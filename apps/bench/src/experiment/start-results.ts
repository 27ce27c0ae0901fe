import { createSystem, definitionOf } from '@ttt-e2e/baselines'
import { columnMeans, indexRanges, meansByRange } from '@ttt-e2e/training'
import { contextsOf, meansOfFirst } from '../contexts'
import { peakRateOf, type Benchmark } from '../tasks/benchmark'
import type { TaskResults } from './results'

/** The results of a task before anything was measured. */
export function startResults(benchmark: Benchmark, systems: readonly string[]): TaskResults {
  const { name, recipe, untilConverged, task } = benchmark
  const ranges = indexRanges(recipe.evaluation.length)
  const contexts = contextsOf(recipe)
  return {
    name,
    title: task.title,
    notes: [...task.notes],
    recipe,
    ...(untilConverged && { untilConverged }),
    heldOut: task.heldOut.map(({ id }) => id),
    ranges,
    contexts,
    references: task.references().map(({ name, detail, losses }) => ({
      name,
      detail,
      loss: columnMeans(losses.map((nats) => meansByRange(nats, ranges))),
      byContext: columnMeans(losses.map((nats) => meansOfFirst(nats, contexts))),
    })),
    systems: systems.map((name) => {
      const { summary, weightsOf } = definitionOf(name)
      const parameters = createSystem(name, recipe.size).decoder.parameterCount
      const owner = weightsOf ?? name
      return {
        name,
        summary,
        weightsOf,
        parameters,
        peakLearningRate: peakRateOf(benchmark, owner),
        rateSource: benchmark.rates?.[owner]?.source ?? 'of the recipe',
      }
    }),
    probes: {},
  }
}
