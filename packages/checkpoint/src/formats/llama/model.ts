import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { architectureOf, linearWeight, type PublishedModel, type Source } from '../published-model'
import type { LlamaSizes } from './sizes'

/** What a format calls the tensors of a Llama; `.weight` or `.bias` follows each. */
export interface LlamaNames {
  embedding: string
  finalNorm: string
  head: string
  layers: string
  norm: string
  q: string
  k: string
  v: string
  o: string
  qNorm: string
  kNorm: string
  feedForwardNorm: string
  gate: string
  up: string
  down: string
}

/**
 * The model, and each of its tensors by a format's names.
 *
 * @param rows of queries and keys: RoPE turns channel i of a head with i + d/2 (`halves`), or 2i with 2i + 1 (`pairs`)
 */
export function llamaModel(
  sizes: LlamaSizes,
  names: LlamaNames,
  rows: 'halves' | 'pairs',
): PublishedModel & { shapes: Map<string, number[]> } {
  const { vocabularySize, hiddenSize, intermediateSize, heads, keyHeads, headWidth, tied } = sizes
  const { qkNorm, attentionBiases, mlpBiases } = sizes
  const [queries, keys] = [heads * headWidth, keyHeads * headWidth]
  const shapes = new Map<string, number[]>()
  const block: Record<string, Source> = {}
  const add = (path: string, name: string, shape: number[], source: (name: string) => Source) => {
    block[path] = source(name)
    for (let layer = 0; layer < sizes.windows.length; layer++)
      shapes.set(`${names.layers}.${layer}.${name}`, shape)
  }
  const turned = (name: string) => (rows === 'halves' ? rotated(name, headWidth) : linearWeight(name))
  const turnedVector = (name: string): Source =>
    rows === 'halves'
      ? [name, (x) => pairHalves(x, headWidth), { to: (x) => halvesOf(x, headWidth), shape: same }]
      : name
  const linear = (
    path: string,
    bias: string | false,
    name: string,
    [outputs, inputs]: [number, number],
    isTurned = false,
  ) => {
    add(path, `${name}.weight`, [outputs, inputs], isTurned ? turned : linearWeight)
    if (bias !== false) add(bias, `${name}.bias`, [outputs], isTurned ? turnedVector : asItIs)
  }
  shapes.set(`${names.embedding}.weight`, [vocabularySize, hiddenSize])
  add('mixing.norms.norm', `${names.norm}.weight`, [hiddenSize], asItIs)
  const mixer = 'mixing.mixer'
  const hasInputs = attentionBiases !== undefined
  linear(`${mixer}.wq`, hasInputs && `${mixer}.bq`, names.q, [queries, hiddenSize], true)
  linear(`${mixer}.wk`, hasInputs && `${mixer}.bk`, names.k, [keys, hiddenSize], true)
  linear(`${mixer}.wv`, hasInputs && `${mixer}.bv`, names.v, [keys, hiddenSize])
  linear(`${mixer}.wo`, attentionBiases === 'all' && `${mixer}.bo`, names.o, [hiddenSize, queries])
  if (qkNorm) {
    add(`${mixer}.qNorm`, `${names.qNorm}.weight`, [headWidth], turnedVector)
    add(`${mixer}.kNorm`, `${names.kNorm}.weight`, [headWidth], turnedVector)
  }
  add('feedForward.norms.norm', `${names.feedForwardNorm}.weight`, [hiddenSize], asItIs)
  const mlp = 'feedForward.mlp'
  linear(`${mlp}.w1`, mlpBiases && `${mlp}.b1`, names.gate, [intermediateSize, hiddenSize])
  linear(`${mlp}.w3`, mlpBiases && `${mlp}.b3`, names.up, [intermediateSize, hiddenSize])
  linear(`${mlp}.w2`, mlpBiases && `${mlp}.b2`, names.down, [hiddenSize, intermediateSize])
  shapes.set(`${names.finalNorm}.weight`, [hiddenSize])
  if (!tied) shapes.set(`${names.head}.weight`, [vocabularySize, hiddenSize])
  return {
    architecture: {
      ...architectureOf({
        system: 'llama',
        vocabularySize,
        hiddenSize,
        heads,
        intermediateSize,
        layers: sizes.windows.length,
        mixers: mixersOf(sizes),
        ropeBase: sizes.rope.base,
        normEpsilon: sizes.normEpsilon,
        biases: mlpBiases,
        untiedHead: !tied,
      }),
      rope: sizes.rope,
    },
    model: {
      embedding: `${names.embedding}.weight`,
      finalNorm: `${names.finalNorm}.weight`,
      ...(!tied && { head: `${names.head}.weight` }),
    },
    layers: names.layers,
    block,
    shapes,
  }
}

const asItIs = (name: string): Source => name
const same = (shape: readonly number[]) => [...shape]

/** One for all layers where their windows are the same. */
function mixersOf({ windows, qkNorm, keyHeads, headWidth, attentionBiases: biases }: LlamaSizes) {
  const all = windows.map((window) => ({
    name: 'attention',
    options: { window, qkNorm, keyHeads, headWidth, ...(biases && { biases }) },
  }))
  return windows.every((window) => window === windows[0]) ? all.slice(0, 1) : all
}

/** A linear layer whose outputs RoPE turns: Hugging Face pairs channel i of a head with i + d/2, we pair 2i with 2i + 1. */
export const rotated = (name: string, headWidth: number): Source => [
  name,
  (weight) => tf.transpose(pairHalves(weight, headWidth)),
  {
    to: (weight) => halvesOf(tf.transpose(weight), headWidth),
    shape: (shape) => shape.toReversed(),
    rowOf: (row) => row - (row % headWidth) + (row % 2) * (headWidth / 2) + ((row % headWidth) >> 1),
  },
]

/** Reorders the rows [H·d, …] of each head of width d from halves to pairs. */
export const pairHalves = (rows: Tensor, headWidth: number): Tensor =>
  regroup(rows, [2, headWidth / 2], headWidth)

/** And back. */
const halvesOf = (rows: Tensor, headWidth: number): Tensor => regroup(rows, [headWidth / 2, 2], headWidth)

function regroup(rows: Tensor, groups: [number, number], headWidth: number): Tensor {
  const rest = rows.size / rows.shape[0]
  const grouped = tf.reshape(rows, [rows.shape[0] / headWidth, ...groups, rest])
  return tf.reshape(tf.transpose(grouped, [0, 2, 1, 3]), rows.shape)
}
