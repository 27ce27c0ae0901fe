import { formatBytes, formatCount, formatDuration } from '@ttt-e2e/cli'
import { createSystem } from '@ttt-e2e/baselines'
import { disposeRun, startRun, trainStep, type Batch, type Recipe } from '@ttt-e2e/meta-outer'
import { tf } from '@ttt-e2e/tensor-ops'
import { countFlops, type System } from '@ttt-e2e/ttt-inner'

/** A step that should take longer than this at the machine's rate of products isn't timed. */
const longestTimedStep = 5

/** What a recipe would take here, as lines to print: parameters, memory, FLOPs, time and how that was estimated. */
export async function dryRun(recipe: Recipe): Promise<string[]> {
  const { training, size } = recipe
  const { batch, length, optimizer } = training
  const system = createSystem(recipe.system, size)
  const { parameterCount } = system.decoder
  const flops = countFlops(system, length)
  const { steps } = optimizer.schedule
  const tokens = batch * length
  const rate = productRate(size.hiddenSize, system.decoder.config.intermediateSize)
  const least = (flops.training * tokens) / rate
  const timed = least < longestTimedStep ? await timeStep(system, recipe) : undefined
  const memory = memoryOf(system, recipe, parameterCount)
  const how = timed
    ? `${formatDuration(timed * steps)}: a step of random tokens takes ${timed.toPrecision(2)} s here, ` +
      `${formatCount((flops.training * tokens) / timed)}FLOP/s`
    : `${formatDuration(least * steps)} at best: a step takes ${formatDuration(least)} at the ` +
      `${formatCount(rate)}FLOP/s that products of its width reach here; no step was timed`
  const rows = [
    ['recipe', `${recipe.name} · ${recipe.system}`],
    ['parameters', formatCount(parameterCount)],
    ['tokens', `${formatCount(steps * tokens)}: ${steps} steps of ${batch} × ${length}`],
    ['weights, moments, gradients', formatBytes(memory.weights)],
    ['their copies while AdamW runs', formatBytes(memory.update)],
    ['states between blocks and chunks', formatBytes(memory.borders)],
    [
      'FLOPs per token',
      `${formatCount(flops.training)}; ${formatCount(flops.training + flops.recompute)} where ` +
        'intermediate results are computed again to save memory',
    ],
    ['time here', how],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** Bytes in float32; what one chunk or one block needs while it is computed comes on top. */
function memoryOf({ decoder, rule }: System, { training, size }: Recipe, parameters: number) {
  const { batch, length } = training
  const { hiddenSize, intermediateSize, suffixBlocks } = decoder.config
  const chunks = Math.ceil(length / size.chunk)
  const fast = rule ? 3 * hiddenSize * intermediateSize * suffixBlocks * chunks * batch : 0
  const hidden = (decoder.prefix.length + 1) * batch * length * hiddenSize
  return { weights: 4 * 4 * parameters, update: 3 * 4 * parameters, borders: 4 * (fast + hidden) }
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

/** Seconds of the second training step; the first one warms up. */
async function timeStep(system: System, { training, size }: Recipe): Promise<number> {
  const { batch, length, optimizer } = training
  const sequences: Batch = {
    tokens: Int32Array.from({ length: batch * (length + 1) }, (_, i) => (i * 7919) % size.vocabularySize),
    mask: new Uint8Array(batch * length).fill(1),
    batch,
    length,
    cursor: null,
  }
  const state = startRun(system, 0)
  await trainStep(system, state, sequences, optimizer)
  const startedAt = performance.now()
  await trainStep(system, state, sequences, optimizer)
  const seconds = (performance.now() - startedAt) / 1000
  disposeRun(state)
  return seconds
}
