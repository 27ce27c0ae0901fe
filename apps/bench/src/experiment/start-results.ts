import { definitionOf } from '@ttt-e2e/baselines'
import { columnMeans, indexRanges, meansByRange } from '@ttt-e2e/training'
import { contextsOf, meansOfFirst } from '../contexts'
import { peakRateOf, systemOf, type Benchmark } from '../tasks/benchmark'
import type { GivenResults, SystemResults, TaskResults } from './results'
import { ownerOf } from './owner-of'

/** The results of a task before anything was measured. */
export function startResults(benchmark: Benchmark, systems: readonly string[]): TaskResults {
  const { name, recipe, untilConverged, task, given } = benchmark
  const ranges = indexRanges(recipe.evaluation.length)
  const contexts = contextsOf(recipe)
  return {
    name,
    title: task.title,
    notes: [...task.notes],
    recipe,
    ...(untilConverged && { untilConverged }),
    ...(given && { given: describeGiven(benchmark) }),
    heldOut: task.heldOut.map(({ id }) => id),
    ranges,
    contexts,
    references: task.references().map(({ name, detail, losses }) => ({
      name,
      detail,
      loss: columnMeans(losses.map((nats) => meansByRange(nats, ranges))),
      byContext: columnMeans(losses.map((nats) => meansOfFirst(nats, contexts))),
    })),
    systems: systems.map((name) => ({
      ...(given ? givenSystem(name, benchmark) : trainedSystem(name, benchmark)),
      parameters: systemOf(benchmark, name).decoder.parameterCount,
    })),
    probes: {},
  }
}

function trainedSystem(name: string, benchmark: Benchmark): Omit<SystemResults, 'parameters'> {
  const { summary, weightsOf } = definitionOf(name)
  const owner = weightsOf ?? name
  return {
    name,
    summary,
    weightsOf,
    peakLearningRate: peakRateOf(benchmark, owner),
    rateSource: benchmark.rates?.[owner]?.source ?? 'of the recipe',
  }
}

function givenSystem(name: string, { given }: Benchmark): Omit<SystemResults, 'parameters'> {
  const owner = ownerOf(name)
  return owner === name
    ? { name, summary: `read from ${given!.path}` }
    : { name, summary: 'the same with learning off', weightsOf: owner }
}

function describeGiven({ given, bytes }: Benchmark): GivenResults {
  const { name, path, model } = given!
  const trainingLength = model.recipe?.training.length
  return {
    name,
    path,
    ...(trainingLength !== undefined && { trainingLength }),
    tokenizer: model.tokenizer.name,
    ...(bytes && { bytes }),
  }
}
