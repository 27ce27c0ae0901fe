import { formatBytes, formatCount, formatDuration } from '@ttt-e2e/cli'
import { createSystem } from '@ttt-e2e/baselines'
import { batchShapeAt, fullLengthFrom, type Recipe } from '@ttt-e2e/meta-outer'
import { engineMemory, tf } from '@ttt-e2e/tensor-ops'
import { openTask, type Run } from '@ttt-e2e/training'
import { countFlops, type System } from '@ttt-e2e/ttt-inner'
import { totalmem } from 'node:os'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { predictRanks, rowsOfRank, type RanksToPredict, type RowsCost } from './predict-ranks'
import { costOf, heldBytes } from './run-cost'

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
  // Some systems have no MLPs, and so no width of them.
  const rate = productRate(size.hiddenSize, Math.max(size.hiddenSize, system.decoder.config.intermediateSize))
  const documents = task ? task.heldOut.length : recipe.evaluation.documents
  // A rank's fewer sequences first: what a process held at its fullest never falls.
  const own = together && (await costOfRank(system, recipe, documents, rate, together))
  const cost = await costOf(system, recipe, documents, rate)
  const { peak, seconds, how } = cost
  const evaluations = Math.ceil(steps / recipe.evaluation.every)
  const limit = Math.min(engineMemory().limit, totalmem(), process.constrainedMemory() || Infinity)
  const rowsOfTable = [
    ['recipe', `${recipe.name} · ${recipe.system}`],
    ...(task ? [['data', task.summary]] : []),
    ['parameters', formatCount(parameterCount)],
    [
      'tokens',
      `${formatCount(steps * batch * length)}: ${counted(steps, 'step')} of ${batch} × ${length}${shorterFirst(recipe)}`,
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
      `${formatDuration(seconds * steps + cost.warmUpSeconds + evaluations * cost.evaluationSeconds)}: a step takes ${inSeconds(seconds)}, ` +
        `${formatCount((flops.training * batch * length) / seconds)}FLOP/s` +
        (cost.evaluationSeconds > 0
          ? `, each of ${evaluations} evaluations ${inSeconds(cost.evaluationSeconds)}`
          : '') +
        `; ${how}`,
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
  if (together && own) rowsOfTable.push(...predictRanks(recipe, parameterCount, own, together))
  const width = Math.max(...rowsOfTable.map(([name]) => name.length))
  return rowsOfTable.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** What a rank's share of a step's sequences and of the held-out documents takes one process. */
async function costOfRank(
  system: System,
  recipe: Recipe,
  documents: number,
  rate: number,
  { ranks }: RanksToPredict,
): Promise<RowsCost> {
  const rows = rowsOfRank(recipe, ranks)
  const ofRows = { ...recipe, training: { ...recipe.training, batch: rows } }
  return { rows, ...(await costOf(system, ofRows, Math.ceil(documents / ranks), rate)) }
}

const inSeconds = (seconds: number) =>
  seconds < 10 ? `${seconds.toPrecision(2)} s` : formatDuration(seconds)

function shorterFirst({ training }: Recipe): string {
  const { batch, length } = batchShapeAt(training, 0)
  return length === training.length
    ? ''
    : `, ${batch} × ${length} and so on until step ${fullLengthFrom(training)}`
}

/** Floating-point operations per second of matrix products [1024, depth] · [depth, columns], the best of a few. */
function productRate(depth: number, columns: number): number {
  const rows = 1024
  const flops = 2 * rows * depth * columns
  return tf.tidy(() => {
    const a = tf.randomUniform([rows, depth])
    const b = tf.randomUniform([depth, columns])
    let best = 0
    const began = performance.now()
    // At least once, however long a busy machine lets this process wait.
    do {
      const startedAt = performance.now()
      tf.matMul(a as never, b as never).dataSync()
      best = Math.max(best, flops / ((performance.now() - startedAt) / 1000))
    } while (performance.now() - began < 300)
    return best as never
  }) as unknown as number
}
