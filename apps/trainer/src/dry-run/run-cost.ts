import { createSystem } from '@ttt-e2e/baselines'
import {
  batchShapeAt,
  defaultMemoryBudget,
  trainedTree,
  type BatchShape,
  type Recipe,
} from '@ttt-e2e/meta-outer'
import { treeForm, treeLeaves, treeSize } from '@ttt-e2e/tensor-ops'
import { countFlops, type FlopCount, type System } from '@ttt-e2e/ttt-inner'
import { probeRun, type ProbedDocuments } from './probe-run'
import { smallerRecipe } from './smaller-recipe'

/** What a run takes. */
export interface RunCost {
  /** Bytes of the process at its fullest. */
  peak: number
  /** Of a step. */
  seconds: number
  /** What the first steps take longer, in all. */
  warmUpSeconds: number
  /** Of one evaluation. */
  evaluationSeconds: number
  /** How all of it was found. */
  how: string
}

/** A step that should take longer than this at the machine's rate of products isn't taken; shorter ones tell of it. */
const longestStep = 3
/** The same for steps of the shorter sequences of a curriculum, some of each. */
const longestStepBefore = 0.5
/** What the part of the documents that is read should take at that rate. */
const longestReading = 0.5

/**
 * By steps of the recipe's size, by shorter ones, or by those of a smaller model: as much as can be had in moments.
 *
 * @param documents that an evaluation reads
 * @param rate operations per second of products of the model's width
 */
export async function costOf(
  system: System,
  recipe: Recipe,
  documents: number,
  rate: number,
): Promise<RunCost> {
  const { batch, length } = recipe.training
  const flops = flopsOf(system, recipe, length)
  const heldOut = heldOutOf(system, recipe, documents, rate)
  const least = (flops.training * batch * length) / rate
  if (least < longestStep) {
    const before = least < longestStepBefore ? shapesBefore(recipe) : []
    const probed = await probeRun(system, recipe, { batch, length }, { heldOut, before })
    return { ...probed, how: 'measured in steps on random tokens' }
  }
  const short = shorterLength(system, recipe)
  if (2 * short <= length && (flopsOf(system, recipe, 3 * short).training * 3 * short) / rate < longestStep)
    return await byShorterSteps(system, recipe, short, heldOut)
  return await bySmallerModel(system, recipe, documents, rate)
}

/** The batches of a curriculum that come before those of the full length. */
function shapesBefore({ training }: Recipe): BatchShape[] {
  const shapes: BatchShape[] = []
  for (let step = 0; ;) {
    const shape = batchShapeAt(training, step)
    if (shape.until === Infinity) return shapes
    if (shape.until > step) shapes.push(shape)
    step = shape.until
  }
}

async function byShorterSteps(
  system: System,
  recipe: Recipe,
  short: number,
  heldOut: ProbedDocuments,
): Promise<RunCost> {
  const first = await probeRun(system, recipe, { batch: 1, length: short })
  const second = await probeRun(system, recipe, { batch: 1, length: 2 * short }, { heldOut })
  const perToken = Math.max(0, second.reserved - first.reserved) / short
  const { length } = recipe.training
  const { kept, again } = keptBytes(system, recipe, perToken)
  const flops = flopsOf(system, recipe, length)
  const before = flopsOf(system, recipe, 2 * short)
  const tokens = recipe.training.batch * length
  const seconds = second.seconds * ((flops.training * tokens) / (before.training * 2 * short))
  return {
    peak: second.peak + Math.max(0, kept - perToken * 2 * short),
    seconds: again ? seconds * (1 + flops.recompute / flops.training) : seconds,
    warmUpSeconds: 0,
    evaluationSeconds: second.evaluationSeconds,
    how: `reckoned from steps of ${short} and ${2 * short} tokens`,
  }
}

async function bySmallerModel(
  system: System,
  recipe: Recipe,
  documents: number,
  rate: number,
): Promise<RunCost> {
  const { batch, length } = recipe.training
  const flops = flopsOf(system, recipe, length)
  const smaller = smallerRecipe(recipe)
  const small = createSystem(smaller.system, smaller.size)
  const short = smaller.training.length
  const resident = process.memoryUsage.rss()
  const first = await probeRun(small, smaller, { batch: 1, length: short })
  const second = await probeRun(small, smaller, { batch: 1, length: 2 * short })
  const perSecond = (flopsOf(small, smaller, 2 * short).training * 2 * short) / second.seconds
  const values = (of: Recipe) => of.size.layers * of.size.hiddenSize
  const perToken =
    (Math.max(0, second.reserved - first.reserved) / short) * (values(recipe) / values(smaller))
  const { kept, again } = keptBytes(system, recipe, perToken)
  const update = 3 * 4 * Math.max(...treeLeaves(trainedForm(system, recipe)).map((leaf) => leaf.size))
  return {
    peak: resident + heldBytes(system, recipe) + Math.max(update, kept),
    seconds: ((flops.training + (again ? flops.recompute : 0)) * batch * length) / perSecond,
    warmUpSeconds: 0,
    evaluationSeconds: (flops.reading * documents * recipe.evaluation.length) / Math.min(perSecond, rate),
    how: `reckoned from steps of a model of ${smaller.size.layers} layers of width ${smaller.size.hiddenSize}`,
  }
}

/** What the walk of a group holds at its fullest, and whether some of it is computed again. */
function keptBytes(system: System, recipe: Recipe, perToken: number): { kept: number; again: boolean } {
  const { batch, length, microBatch = batch } = recipe.training
  const rows = Math.min(batch, microBatch)
  const tapes = perToken * rows * length
  const borders = borderBytes(system, recipe, rows)
  const again = tapes > defaultMemoryBudget
  return { kept: again ? defaultMemoryBudget + borders : Math.max(tapes, borders), again }
}

function heldOutOf(system: System, recipe: Recipe, documents: number, rate: number): ProbedDocuments {
  const { length } = recipe.evaluation
  const { reading } = flopsOf(system, recipe, length)
  const chunk = system.rule?.chunk ?? system.lossChunk ?? 256
  const most = Math.max(
    8 * chunk,
    Math.floor((longestReading * rate) / (reading * Math.min(8, documents || 1))),
  )
  return { documents, length, most }
}

const flopsOf = (system: System, { training }: Recipe, length: number): FlopCount =>
  countFlops(system, length, (training.trains ?? 'all') !== 'all')

/** Tokens that fill windows and have several chunks, so that what grows is what grows with length. */
function shorterLength(system: System, { size }: Recipe): number {
  const chunk = system.rule?.chunk ?? size.chunk
  return Math.ceil(Math.max(4 * chunk, 2 * size.window) / chunk) * chunk
}

/** Parameters in float32, and of those that are trained two moments and gradients. */
export const heldBytes = (system: System, recipe: Recipe): number =>
  4 * (system.decoder.parameterCount + 3 * trainedCount(system, recipe))

const trainedCount = (system: System, recipe: Recipe): number => treeSize(trainedForm(system, recipe))
const trainedForm = (system: System, { training }: Recipe) =>
  trainedTree(system, treeForm(system.decoder.init), training.trains ?? 'all')

/** What is carried between blocks and chunks, in float32. */
function borderBytes({ decoder, rule }: System, { training, size }: Recipe, rows: number): number {
  const { length } = training
  const { hiddenSize, intermediateSize, suffixBlocks, prime } = decoder.config
  const chunks = Math.ceil(length / size.chunk)
  const fast = rule ? 3 * hiddenSize * (prime?.width ?? intermediateSize) * suffixBlocks * chunks * rows : 0
  const hidden = (decoder.prefix.length + 1) * rows * length * hiddenSize
  return 4 * (fast + hidden)
}
