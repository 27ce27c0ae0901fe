import { emptyParameters } from '@ttt-e2e/checkpoint'
import { createDecoder } from '@ttt-e2e/swa-transformer'
import { disposeTree, treeEntries } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'

/** What a system takes by its shapes, without making it. */
export interface SystemCount {
  parameters: number
  /** Floating-point operations of training, per token of a sequence of the given length: everything computed once. */
  trainingFlops: number
  /** What computing the intermediate results again adds, where they don't fit into memory. */
  recomputeFlops: number
}

/** Points at which a mixer's state is asked for its size. */
const samples = 256

/**
 * Counts multiplications and additions of the matrix products: two for each weight that a token meets and two for each
 * value of a mixer's state. Forward once and backward twice; with a learning rule the suffix also has the inner
 * backward pass (activations down to the first prime MLP, weights of the prime MLPs only), differentiated in its turn.
 *
 * @param length tokens of a sequence
 */
export function countSystem(system: System, length: number): SystemCount {
  const { config } = system.decoder
  const { hiddenSize, intermediateSize, vocabularySize, mixers, suffixBlocks } = config
  const prefixBlocks = mixers.length - suffixBlocks
  const mlp = 2 * 3 * hiddenSize * intermediateSize
  const head = 2 * vocabularySize * hiddenSize
  const blocks = mixers.map((_, i) => countBlock(system, i, i >= prefixBlocks, length))
  const mixing = blocks.map(({ mixingFlops }) => mixingFlops)
  const sum = (values: number[]) => values.reduce((total, x) => total + x, 0)
  // The first suffix block's mixer reads nothing that learns, so it belongs to the prefix.
  const inPrefix = suffixBlocks > 0 ? prefixBlocks + 1 : prefixBlocks
  const prefix = sum(mixing.slice(0, inPrefix)) + prefixBlocks * mlp
  const suffix = sum(mixing.slice(inPrefix)) + 2 * suffixBlocks * mlp + head
  // The first prime MLP's inputs need no gradient: two of its three products are spared.
  const innerBackward = suffixBlocks > 0 ? suffix - (mlp * 2) / 3 + suffixBlocks * mlp : 0
  const chunk = system.rule ? suffix + innerBackward : suffix
  return {
    parameters: vocabularySize * hiddenSize + hiddenSize + sum(blocks.map(({ parameters }) => parameters)),
    trainingFlops: 3 * (prefix + chunk),
    recomputeFlops: prefix + chunk,
  }
}

/** One block made alone, so that a large model is counted without room for it. */
function countBlock({ name, decoder }: System, index: number, prime: boolean, length: number) {
  const { config } = decoder
  const kind = config.mixers[index]
  const single = createDecoder({ ...config, vocabularySize: 1, mixers: [kind], suffixBlocks: prime ? 1 : 0 })
  const params = emptyParameters({ name, decoder: single })
  let parameters = 0
  let weights = 0
  for (const [path, { size, rank }] of treeEntries(params)) {
    if (path === 'embedding' || path === 'finalNorm') continue
    parameters += size
    if (path.startsWith('blocks.0.mixing.mixer.') && rank > 1) weights += size
  }
  disposeTree(params)
  const mixer = kind(config)
  let stateValues = 0
  for (let i = 0; i < samples; i++)
    stateValues += mixer.stateBytes(Math.max(1, Math.round(((i + 0.5) / samples) * length))) / 4 / samples
  return { parameters, mixingFlops: 2 * weights + 2 * stateValues }
}
