import {
  linear,
  rmsNorm,
  titansMemory,
  titansMemoryStart,
  type TitansMemoryState,
} from '@ttt-e2e/kernels/ops'
import {
  cachedAttention,
  cacheSlots,
  headWidthOf,
  normalWeight,
  reserveCache,
  seenTokens,
  startCache,
  uniformWeight,
  type AttentionCache,
  type MixerKind,
  type SequenceMixer,
} from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  byHead,
  byToken,
  forBatch,
  mergeHeads,
  positionOfHeads,
  silu,
  splitHeads,
  unitHeads,
} from '../fast-heads'

export type TitansParams = {
  /** Attention's projections to queries, keys and values [D, 3 D], used as x · w, and RMSNorm scales per head [d]. */
  wqkv: Tensor
  qNorm: Tensor
  kNorm: Tensor
  /** The memory's projections to queries, keys and values [D, 3 D]. */
  wMemory: Tensor
  /** Projections to θ, η, α and the gate of each head [D, 4 H], and their biases. */
  wGates: Tensor
  gatesBias: Tensor
  /** The memories' weights initially: m0 [H, 1, d], m1 [H, d, h], m2 [H, h, d]. */
  m0: Tensor
  m1: Tensor
  m2: Tensor
  /** RMSNorm scales of what attention and memory give [D], and the output projection [D, D]. */
  attentionNorm: Tensor
  memoryNorm: Tensor
  wo: Tensor
}

export interface TitansOptions {
  /** Tokens that attention sees; 0 for all. */
  window: number
  /** Tokens per update of the memory. */
  chunk: number
  /** Hidden width of the memory's network as a multiple of its width, 4 where left out. */
  expansion?: number
  /**
   * The highest θ; d / (8 chunk), at most 1, where left out. The gradients of a chunk add up: from about d / (2 chunk) on,
   * updates with much momentum overshoot and the memory diverges.
   */
  maxRate?: number
}

/**
 * Of α, which so starts near 1e-4: a chunk's decay is not seen in what the memory recalls, whose layer norm undoes it, but
 * the smaller the weights, the further an update turns them. With α near 0.02 they are so small after some hundred chunks
 * that differences of rounding grow to nats.
 */
const decayBias = -9

/**
 * Titans (Behrouz et al. 2024) with the memory as a gate (MAG): o = (g ⊙ RMSNorm(a) + (1 − g) ⊙ RMSNorm(m)) wo, where a is
 * attention in a window with RMSNorm on each head's queries and keys before RoPE, m what the neural long-term memory
 * recalls, and g = sigmoid(x wGate + bias), one per head. The memory has a network per head, see `titansMemory`, with the
 * paper's chunkwise rule: gradients at the weights of the chunk's start, η and α of the chunk's mean logits. Its queries,
 * keys and values are silu(x w), queries and keys scaled to norm 1; θ is maxRate · sigmoid(x wθ + bias). Of the paper's
 * layer this has no persistent tokens and no convolutions of queries, keys and values.
 */
export const titansMixer =
  ({ window, chunk, expansion = 4, maxRate }: TitansOptions): MixerKind =>
  ({ hiddenSize, heads, ropeTheta, ropeScaling, normEpsilon }) => {
    const width = headWidthOf({ hiddenSize, heads })
    const hidden = expansion * width
    const highestRate = maxRate ?? Math.min(1, width / (8 * chunk))
    const readMemory = (
      params: TitansParams,
      x: Tensor,
      gates: Tensor[],
      state: Record<string, Tensor>,
      position: Tensor,
    ) => {
      const [q, k, v] = tf.split(silu(linear(x, params.wMemory)), 3, 2)
      const [rate, momentum, decay] = gates.map((gate) => byHead(gate, heads))
      const inputs = {
        q: byHead(unitHeads(q, heads), heads),
        k: byHead(unitHeads(k, heads), heads),
        v: byHead(v, heads),
        rate: tf.mul(tf.sigmoid(rate), highestRate),
        momentum,
        decay,
      }
      const options = {
        chunk,
        gradientsAt: 'chunk',
        position: positionOfHeads(position, heads),
      } as const
      const { y, state: after } = titansMemory(inputs, mergeHeads(state) as TitansMemoryState, options)
      return { y: byToken(y, heads), state: splitHeads(after, heads) }
    }

    const matrices = 7 * hiddenSize ** 2 + 4 * hiddenSize * heads
    const networkSize = heads * width * (1 + 2 * hidden)
    const mixer: SequenceMixer<TitansParams> = {
      name: `Titans' memory by ${chunk} as a gate on attention in a window of ${window}`,
      init: (random) => ({
        wqkv: normalWeight(random, [hiddenSize, 3 * hiddenSize]),
        qNorm: tf.ones([width]),
        kNorm: tf.ones([width]),
        wMemory: normalWeight(random, [hiddenSize, 3 * hiddenSize]),
        wGates: normalWeight(random, [hiddenSize, 4 * heads]),
        gatesBias: tf.concat([tf.zeros([2 * heads]), tf.mul(tf.ones([heads]), decayBias), tf.zeros([heads])]),
        m0: tf.zeros([heads, 1, width]),
        m1: uniformWeight(random, [heads, width, hidden], Math.sqrt(6 / (width + hidden))),
        m2: uniformWeight(random, [heads, hidden, width], Math.sqrt(6 / (width + hidden))),
        attentionNorm: tf.ones([hiddenSize]),
        memoryNorm: tf.ones([hiddenSize]),
        wo: normalWeight(random, [hiddenSize, hiddenSize]),
      }),
      start: ({ m0, m1, m2 }, batch) => ({
        ...forBatch(titansMemoryStart(m0, m1, m2), batch),
        ...startCache(batch, heads, width),
      }),
      reserve: (state, tokens) => reserveCache(state as AttentionCache, tokens, window),
      read(params, x, state, { position }) {
        const [batch, length] = x.shape
        const { k: cachedK, v: cachedV, ...memoryState } = state
        const split = (y: Tensor) => tf.reshape(y, [batch, length, heads, width])
        const [q, k, v] = tf.split(linear(x, params.wqkv), 3, 2).map(split)
        const attended = cachedAttention(
          rmsNorm(q, params.qNorm, normEpsilon),
          rmsNorm(k, params.kNorm, normEpsilon),
          v,
          { k: cachedK, v: cachedV },
          { window, ropeTheta, ropeScaling, position },
        )
        const [rate, momentum, decay, gate] = tf.split(
          tf.add(linear(x, params.wGates), params.gatesBias),
          4,
          2,
        )
        const memory = readMemory(params, x, [rate, momentum, decay], memoryState, position)
        const a = rmsNorm(
          tf.reshape(attended.y, [batch, length, hiddenSize]),
          params.attentionNorm,
          normEpsilon,
        )
        const m = rmsNorm(memory.y, params.memoryNorm, normEpsilon)
        const share = tf.reshape(tf.sigmoid(gate), [batch, length, heads, 1])
        const mixed = tf.add(tf.mul(split(a), share), tf.mul(split(m), tf.sub(1, share)))
        return {
          y: linear(tf.reshape(mixed, [batch, length, hiddenSize]), params.wo),
          state: { ...memory.state, ...attended.cache },
        }
      },
      parameterCount: matrices + 4 * heads + 2 * width + 2 * hiddenSize + networkSize,
      stateBytes: (position) =>
        4 * (2 * hiddenSize * cacheSlots(position, window) + 3 * networkSize + 2 * heads),
      // Recalling takes two products with the network's weights, learning five.
      flops: (position) =>
        2 * matrices + 4 * hiddenSize * seenTokens(position, window) + 14 * heads * width * hidden,
    }
    return mixer
  }
