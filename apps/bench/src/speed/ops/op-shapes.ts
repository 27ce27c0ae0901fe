import type { ModelSize } from '@ttt-e2e/baselines'
import { adamwOp, clippedSgdOp } from '@ttt-e2e/kernels/ops'
import { opCases, type OpName } from '@ttt-e2e/kernels/cases'
import type { FusedOp, Shapes } from '@ttt-e2e/tensor-ops'
import type { OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { createSpeedSystem } from '../speed-system'
import { speedSizes, type SpeedSizeName } from '../../presets'

/** An op at shapes that it has in a model. */
export interface TimedOp {
  op: FusedOp
  example: OpCase
  /**
   * Floating-point operations of the products in the op, in its gradient and in the gradient's gradient; absent where
   * the time is that of moving values.
   */
  flops?: readonly number[]
}

/** Sequences side by side where each has weights of its own. */
const sequences = 4

/** The shapes of every op in training and reading at a size. */
export const timedOps = (size: SpeedSizeName): Record<OpName, TimedOp[]> => {
  const { model, length } = speedSizes[size]
  const { hiddenSize, heads, vocabularySize, window, chunk, suffixBlocks } = model
  const { intermediateSize } = createSpeedSystem('ttt-e2e', size).decoder.config
  const width = hiddenSize / heads
  const timed = (name: OpName, examples: (OpCase & { flops?: readonly number[] })[]): TimedOp[] =>
    examples.map(({ flops, ...example }) => ({ op: opCases[name].op, example, flops }))

  return {
    linear: timed('linear', [
      linearCase('a sequence, projection', [1, length, hiddenSize], [hiddenSize, hiddenSize]),
      linearCase('a sequence, MLP up', [1, length, hiddenSize], [hiddenSize, intermediateSize]),
      linearCase('a sequence, MLP down', [1, length, intermediateSize], [intermediateSize, hiddenSize]),
      linearCase('a chunk, MLP up', [1, chunk, hiddenSize], [hiddenSize, intermediateSize]),
      linearCase('a chunk, MLP down', [1, chunk, intermediateSize], [intermediateSize, hiddenSize]),
      linearCase(
        'a chunk, MLP up, own weights',
        [sequences, chunk, hiddenSize],
        [sequences, hiddenSize, intermediateSize],
      ),
      linearCase(
        'a chunk, MLP down, own weights',
        [sequences, chunk, intermediateSize],
        [sequences, intermediateSize, hiddenSize],
      ),
    ]),
    'rms-norm': timed('rms-norm', [
      { name: 'a sequence', shapes: { x: [1, length, hiddenSize], scale: [hiddenSize] } },
      { name: 'heads', shapes: { x: [1, length, heads, width], scale: [width] } },
      { name: 'a chunk', shapes: { x: [1, chunk, hiddenSize], scale: [hiddenSize] } },
    ]),
    rope: timed('rope', [
      {
        name: 'a sequence',
        shapes: { x: [1, length, heads, width], position: [1] },
        integers: { position: [0] },
      },
    ]),
    swiglu: timed('swiglu', [
      { name: 'a sequence', shapes: gateAndUp(length, intermediateSize) },
      { name: 'a chunk', shapes: gateAndUp(chunk, intermediateSize) },
    ]),
    attention: timed('attention', [
      attentionCase('a sequence, all before', model, length, length, 0),
      attentionCase('a sequence, window', model, length, length, window),
      attentionCase('a chunk, window', model, chunk, window + chunk, window),
    ]),
    'short-conv': timed('short-conv', [
      shortConvCase('a sequence', length, 2 * hiddenSize),
      shortConvCase('a token', 1, 2 * hiddenSize),
    ]),
    'ssd-scan': timed('ssd-scan', [
      ssdScanCase('a sequence', length, model),
      ssdScanCase('a chunk', chunk, model),
      ssdScanCase('a token', 1, model),
    ]),
    'gated-delta-rule': timed('gated-delta-rule', [
      deltaRuleCase('a sequence', length, model),
      deltaRuleCase('a chunk', chunk, model),
      deltaRuleCase('a token', 1, model),
    ]),
    'linear-cross-entropy': timed('linear-cross-entropy', [
      crossEntropyCase('a sequence', length, model),
      crossEntropyCase('a chunk', chunk, model),
    ]),
    'clipped-sgd': [
      {
        op: clippedSgdOp(3 * suffixBlocks) as unknown as FusedOp,
        example: {
          name: 'the prime MLPs',
          shapes: {
            ...Object.fromEntries(
              Array.from({ length: 6 * suffixBlocks }, (_, i) => [
                `${i % 2 === 0 ? 'w' : 'g'}${i >> 1}`,
                (i >> 1) % 3 === 2 ? [1, intermediateSize, hiddenSize] : [1, hiddenSize, intermediateSize],
              ]),
            ),
            rate: [],
          },
        },
      },
    ],
    adamw: [
      {
        op: adamwOp(4) as unknown as FusedOp,
        example: {
          name: "an MLP's and the embedding",
          shapes: Object.fromEntries(
            ['p', 'g', 'm', 'v'].flatMap((letter) => [
              [`${letter}0`, [hiddenSize, intermediateSize]],
              [`${letter}1`, [hiddenSize, intermediateSize]],
              [`${letter}2`, [intermediateSize, hiddenSize]],
              [`${letter}3`, [vocabularySize, hiddenSize]],
            ]),
          ),
          attributes: { learningRate: 1e-3, step: 3 },
          // Second moments are never negative.
          scale: { v0: 0, v1: 0, v2: 0, v3: 0 },
        },
      },
    ],
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

/** One product; two for its gradient; for that one's, two with each of the two cotangents. */
function linearCase(name: string, x: number[], weight: number[]) {
  const product = 2 * sizeOf(x) * weight.at(-1)!
  return { name, shapes: { x, weight } satisfies Shapes, flops: [product, 2 * product, 4 * product] }
}

const gateAndUp = (rows: number, width: number): Shapes => ({ gate: [1, rows, width], up: [1, rows, width] })

/** Products over the pairs of a query and a key it sees: two; five for the gradient; twelve for that one's. */
function attentionCase(
  name: string,
  { hiddenSize, heads }: ModelSize,
  queries: number,
  keys: number,
  window: number,
) {
  const offset = keys - queries
  let pairs = 0
  for (let i = 0; i < queries; i++) pairs += Math.min(offset + i + 1, window || Infinity)
  const product = 2 * pairs * hiddenSize
  const key = [1, keys, heads, hiddenSize / heads]
  return {
    name,
    shapes: { q: [1, queries, heads, hiddenSize / heads], k: key, v: key, offset: [1] },
    attributes: { window },
    integers: { offset: [offset] },
    flops: [2, 5, 12].map((products) => products * product),
  }
}

function shortConvCase(name: string, rows: number, channels: number) {
  return {
    name,
    shapes: { x: [1, rows, channels], weight: [channels, 4], state: [1, channels, 3], bias: [channels] },
    attributes: { silu: 1 },
  }
}

/** Mamba 2's usual widths: twice the hidden size in heads of 64, a state of 128 for each channel. */
function ssdScanCase(name: string, rows: number, { hiddenSize }: ModelSize) {
  const [heads, state] = [(2 * hiddenSize) / 64, 128]
  return {
    name,
    shapes: {
      x: [1, rows, heads, 64],
      dt: [1, rows, heads],
      A: [heads],
      B: [1, rows, 1, state],
      C: [1, rows, 1, state],
      D: [heads],
      state: [1, heads, 64, state],
    },
    values: { dt: [0.003, 0.05, 0.01], A: [-1, -4, -16] },
  }
}

/** Gated DeltaNet's usual widths: keys of three quarters of the hidden size, values of twice that. */
function deltaRuleCase(name: string, rows: number, { hiddenSize, heads }: ModelSize) {
  const width = (0.75 * hiddenSize) / heads
  return {
    name,
    shapes: {
      q: [1, rows, heads, width],
      k: [1, rows, heads, width],
      v: [1, rows, heads, 2 * width],
      g: [1, rows, heads],
      beta: [1, rows, heads],
      state: [1, heads, width, 2 * width],
    },
    // About unit keys.
    scale: { k: 1 / Math.sqrt(width) },
    values: { g: [-0.01, -0.2, -0.05], beta: [0.4, 0.8] },
  }
}

/** Products with the head: one; three for the gradient, which makes the logits again; seven for that one's. */
function crossEntropyCase(name: string, rows: number, { hiddenSize, vocabularySize }: ModelSize) {
  const product = 2 * rows * hiddenSize * vocabularySize
  return {
    name,
    shapes: { hidden: [rows, hiddenSize], weight: [vocabularySize, hiddenSize], targets: [rows] },
    integersBelow: { targets: vocabularySize },
    scale: { weight: 0.02 },
    flops: [1, 3, 7].map((products) => products * product),
  }
}
