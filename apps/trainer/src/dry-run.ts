import { formatBytes, formatCount, formatDuration } from '@ttt-e2e/cli'
import { createSystem } from '@ttt-e2e/baselines'
import {
  batchShapeAt,
  defaultMemoryBudget,
  fullLengthFrom,
  trainedTree,
  type Recipe,
} from '@ttt-e2e/meta-outer'
import { engineMemory, tf, treeForm, treeSize } from '@ttt-e2e/tensor-ops'
import { openTask, type Run } from '@ttt-e2e/training'
import { countFlops, type FlopCount, type System } from '@ttt-e2e/ttt-inner'
import { totalmem } from 'node:os'
import { predictRanks, rowsOfRank, type RanksToPredict } from './predict-ranks'
import { probeStep } from './probe-steps'

/** A step that should take longer than this at the machine's rate of products isn't taken; shorter ones tell of it. */
const longestStep = 5

/**
 * What a recipe would take here, as lines to print: parameters, memory, FLOPs, time and how these were found. Its data is
 * opened as a run does it, where it is known.
 *
 * @param options.run what was made of a pretrained model; drawn by the recipe where left out
 * @param options.flops a machine's rate that time is reckoned for too
 * @param options.together the ranks that it would be trained on, for a prediction of these too
 *
 * @throws TrainingError or DataError for data that a run would refuse
 */
export async function dryRun(
  recipe: Recipe,
  {
    run,
    flops: machine,
    together,
  }: { run?: Pick<Run, 'system' | 'tokenizer'>; flops?: number; together?: RanksToPredict } = {},
): Promise<string[]> {
  const { training, size, data } = recipe
  const { batch, length, optimizer } = training
  const task =
    'path' in data && data.path === '' ? undefined : await openTask(recipe, { tokenizer: run?.tokenizer })
  const system = run?.system ?? createSystem(recipe.system, size)
  const { parameterCount } = system.decoder
  const frozenPrefix = (training.trains ?? 'all') !== 'all'
  const flops = countFlops(system, length, frozenPrefix)
  const { steps } = optimizer.schedule
  const rate = productRate(size.hiddenSize, system.decoder.config.intermediateSize)
  const { peak, seconds, how } = await costOf(system, recipe, flops, rate)
  const limit = Math.min(engineMemory().limit, totalmem(), process.constrainedMemory() || Infinity)
  const rowsOfTable = [
    ['recipe', `${recipe.name} · ${recipe.system}`],
    ...(task ? [['data', task.summary]] : []),
    ['parameters', formatCount(parameterCount)],
    [
      'tokens',
      `${formatCount(steps * batch * length)}: ${steps} steps of ${batch} × ${length}${shorterFirst(recipe)}`,
    ],
    [
      'memory at its peak',
      `${formatBytes(peak)}, ${how}` +
        (peak > limit ? `; it doesn't fit this machine, which has ${formatBytes(limit)}` : ''),
    ],
    ['of it weights, moments, gradients', formatBytes(heldBytes(system, recipe))],
    [
      'FLOPs per token',
      `${formatCount(flops.training)}; ${formatCount(flops.training + flops.recompute)} where ` +
        'intermediate results are computed again to save memory',
    ],
    [
      'time here',
      `${formatDuration(seconds * steps)}: a step takes ${seconds < 10 ? `${seconds.toPrecision(2)} s` : formatDuration(seconds)}, ` +
        `${formatCount((flops.training * batch * length) / seconds)}FLOP/s; ${how}`,
    ],
    ...(machine === undefined
      ? []
      : [
          [
            'time at the given rate',
            `${formatDuration((flops.training * steps * batch * length) / machine)} at ${formatCount(machine)}FLOP/s, ` +
              'nothing computed again and nothing waited for',
          ],
        ]),
  ]
  if (together) {
    const rows = rowsOfRank(recipe, together.ranks)
    const ofRows = { ...recipe, training: { ...training, batch: rows } }
    const own = rows === batch ? { peak, seconds } : await costOf(system, ofRows, flops, rate)
    rowsOfTable.push(...predictRanks(recipe, parameterCount, { rows, ...own }, together))
  }
  const width = Math.max(...rowsOfTable.map(([name]) => name.length))
  return rowsOfTable.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

function shorterFirst({ training }: Recipe): string {
  const { batch, length } = batchShapeAt(training, 0)
  return length === training.length
    ? ''
    : `, ${batch} × ${length} and so on until step ${fullLengthFrom(training)}`
}

interface Cost {
  /** Bytes. */
  peak: number
  /** Of a step. */
  seconds: number
  /** How both were found. */
  how: string
}

/** By a step of the recipe's size, by two shorter ones, or by the shapes alone: as much as can be had in moments. */
async function costOf(system: System, recipe: Recipe, flops: FlopCount, rate: number): Promise<Cost> {
  const { batch, length } = recipe.training
  const tokens = batch * length
  const atBest = (flops.training * tokens) / rate
  const shapes = peakOfShapes(system, recipe)
  if (atBest < longestStep) {
    const { peak, seconds } = await probeStep(system, recipe, batch, length)
    return { peak, seconds, how: 'measured in a step of random tokens' }
  }
  const short = shorterLength(system, recipe)
  const frozenPrefix = (recipe.training.trains ?? 'all') !== 'all'
  const flopsOf = (tokens: number) => countFlops(system, tokens, frozenPrefix).training * tokens
  if (2 * short > length || flopsOf(3 * short) / rate > longestStep)
    return {
      peak: shapes,
      seconds: (flops.training + flops.recompute) * (tokens / rate),
      how: 'from the shapes, at best',
    }
  const first = await probeStep(system, recipe, 1, short)
  const second = await probeStep(system, recipe, 1, 2 * short)
  const perToken = Math.max(0, second.reserved - first.reserved) / short
  // What doesn't fit into the budget is computed again.
  const tapes = perToken * tokens
  const again = tapes > defaultMemoryBudget
  const kept = again ? defaultMemoryBudget + borderBytes(system, recipe) : tapes
  const seconds = second.seconds * ((flops.training * tokens) / flopsOf(2 * short))
  return {
    peak: second.peak + Math.max(0, kept - perToken * 2 * short),
    seconds: again ? seconds * (1 + flops.recompute / flops.training) : seconds,
    how: `reckoned from steps of ${short} and ${2 * short} tokens`,
  }
}

/** Tokens that fill windows and have several chunks, so that what grows is what grows with length. */
function shorterLength(system: System, { size }: Recipe): number {
  const chunk = system.rule?.chunk ?? size.chunk
  return Math.ceil(Math.max(4 * chunk, 2 * size.window) / chunk) * chunk
}

/** Parameters in float32, and of those that are trained two moments and gradients. */
const heldBytes = (system: System, recipe: Recipe) =>
  4 * (system.decoder.parameterCount + 3 * trainedCount(system, recipe))

function trainedCount(system: System, { training }: Recipe): number {
  return treeSize(trainedTree(system, treeForm(system.decoder.init), training.trains ?? 'all'))
}

/** Of a step that keeps as many intermediate results as it may; AdamW makes parameters and moments anew at its end. */
function peakOfShapes(system: System, recipe: Recipe): number {
  const update = 3 * 4 * trainedCount(system, recipe)
  return (
    process.memoryUsage.rss() +
    heldBytes(system, recipe) +
    Math.max(update, defaultMemoryBudget + borderBytes(system, recipe))
  )
}

/** What is carried between blocks and chunks, in float32. */
function borderBytes({ decoder, rule }: System, { training, size }: Recipe): number {
  const { batch, length } = training
  const { hiddenSize, intermediateSize, suffixBlocks, prime } = decoder.config
  const chunks = Math.ceil(length / size.chunk)
  const fast = rule ? 3 * hiddenSize * (prime?.width ?? intermediateSize) * suffixBlocks * chunks * batch : 0
  const hidden = (decoder.prefix.length + 1) * batch * length * hiddenSize
  return 4 * (fast + hidden)
}

/** Floating-point operations per second of matrix products [1024, D] · [D, F], the best of a few. */
function productRate(hiddenSize: number, intermediateSize: number): number {
  const rows = 1024
  const flops = 2 * rows * hiddenSize * intermediateSize
  return tf.tidy(() => {
    const a = tf.randomUniform([rows, hiddenSize])
    const b = tf.randomUniform([hiddenSize, intermediateSize])
    let best = 0
    for (const began = performance.now(); performance.now() - began < 300;) {
      const startedAt = performance.now()
      tf.matMul(a as never, b as never).dataSync()
      best = Math.max(best, flops / ((performance.now() - startedAt) / 1000))
    }
    return best as never
  }) as unknown as number
}
