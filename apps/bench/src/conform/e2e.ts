import { join } from 'node:path'
import { fromE2eNames, toE2eNames } from '@ttt-e2e/checkpoint'
import { disposeTree, read, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { lossMask } from '@ttt-e2e/data'
import { innerRateMultiplier, metaGradient, type Batch } from '@ttt-e2e/meta-outer'
import { systemOf, type E2eConfig } from './e2e-config'
import { Comparisons, readTensors, type GoldenCase, type Verdict } from './golden-case'

const forwardTolerance = 1e-5
const gradientTolerance = 5e-5

/** Losses, logits, inner gradients, fast weights and the meta-gradient of one batch. */
export async function conformE2e(golden: GoldenCase): Promise<Verdict> {
  const config = golden.description.config as E2eConfig
  const system = systemOf(config)
  // A float64 run holds results alone; its parameters and tokens are those of the float32 file beside it.
  const inputs = golden.name.endsWith('.f64')
    ? readTensors(join(golden.folder, golden.name.slice(0, -4)))
    : golden.tensors
  const batch = batchOf(inputs.tokens.values as Int32Array, config)
  const params = fromE2eNames(system.decoder, inputs, 'params/')
  const result = await metaGradient(system, params, batch, {
    innerRateMultiplier: multiplierOf(config),
    record: true,
  })
  const comparisons = new Comparisons()
  const expect = (name: string, actual: ArrayLike<number>, tolerance: number) => {
    const expected = golden.tensors[name]
    if (expected) comparisons.compare(name, actual, expected.values, tolerance)
  }
  const expectTensor = async (name: string, tensor: Tensor, tolerance: number) =>
    expect(name, await read(tensor), tolerance)
  expect('loss', [result.loss], forwardTolerance)
  expect('seq_loss', rowMeans(result.chunkLosses, batch.batch), forwardTolerance)
  expect('chunk_loss', result.chunkLosses, forwardTolerance)
  expect('nll_unmasked', result.tokenLosses, forwardTolerance)
  expect(
    'nll_masked',
    result.tokenLosses.map((nats, i) => nats * batch.mask[i]),
    forwardTolerance,
  )
  expect('loss_mask', batch.mask, 0)
  expect('n_targets', targetCounts(batch, config.mini_batch_size), 0)
  expect('inner_gnorm', result.innerNorms, forwardTolerance)
  const record = result.record!
  await expectTensor('prefix_out', record.prefixOutput, forwardTolerance)
  const logits = tf.tidy(() => {
    const hidden = tf.concat(
      record.chunks.map((chunk) => chunk.hidden),
      1,
    )
    return system.decoder.logits(system.decoder.suffixParams(params), hidden)
  })
  await expectTensor('logits', logits, forwardTolerance)
  for (const name of ['w1', 'w2', 'w3'] as const) {
    if (!system.rule) continue
    const overChunks = (of: 'fast' | 'gradient') =>
      tf.tidy(() =>
        tf.stack(
          record.chunks.map((chunk) =>
            tf.stack(
              chunk[of]!.map((mlp) => mlp[name]),
              1,
            ),
          ),
          1,
        ),
      )
    for (const [group, of, tolerance] of [
      ['fast', 'fast', forwardTolerance],
      ['innergrad', 'gradient', gradientTolerance],
    ] as const) {
      const stacked = overChunks(of)
      await expectTensor(`${group}/${name}`, stacked, tolerance)
      stacked.dispose()
    }
  }
  for (const [name, values] of Object.entries(await toE2eNames(system.decoder, result.gradients)))
    expect(`grad/${name}`, values, gradientTolerance)
  const chunkTensors = record.chunks.flatMap(({ hidden, fast, gradient }) => [
    hidden,
    fast ?? [],
    gradient ?? [],
  ])
  disposeTree([params, result.gradients, record.prefixOutput, logits, ...chunkTensors])
  return comparisons.result()
}

export function batchOf(tokens: Int32Array, config: E2eConfig): Batch {
  const length = config.seq_length
  const batch = tokens.length / (length + 1)
  const mask = new Uint8Array(batch * length)
  for (let b = 0; b < batch; b++)
    mask.set(
      lossMask(tokens.subarray(b * (length + 1), (b + 1) * (length + 1)), config.bos_token_id),
      b * length,
    )
  return { tokens, mask, batch, length, cursor: null }
}

function multiplierOf(config: E2eConfig): number {
  const schedule = { innerWarmupSteps: config.ilr_warmup_steps, innerRateStart: config.ilr_init }
  return innerRateMultiplier(schedule, config.step_index ?? 0)
}

const rowMeans = (values: Float32Array, rows: number): number[] => {
  const columns = values.length / rows
  return Array.from(
    { length: rows },
    (_, b) => values.subarray(b * columns, (b + 1) * columns).reduce((a, x) => a + x, 0) / columns,
  )
}

function targetCounts({ mask, batch, length }: Batch, chunk: number): number[] {
  const counts: number[] = []
  for (let b = 0; b < batch; b++)
    for (let start = 0; start < length; start += chunk)
      counts.push(
        mask
          .subarray(b * length + start, b * length + Math.min(length, start + chunk))
          .reduce((a, x) => a + x, 0),
      )
  return counts
}
