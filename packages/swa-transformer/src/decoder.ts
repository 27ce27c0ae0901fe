import {
  isQuantised,
  linearCrossEntropy,
  quantisedLinear,
  quantisedRows,
  rmsNorm,
  type RopeScaling,
} from '@ttt-e2e/kernels/ops'
import { tf, type Random, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import {
  initMlp,
  initMlpBiases,
  initNorms,
  initPreConv,
  mixSublayer,
  mlpSublayer,
  reserveMixing,
  splitMlpSublayer,
  startMixing,
  type BlockParams,
  type MixingState,
  type MlpWeights,
} from './block'
import { normalWeight } from './init'
import type { MixerKind, ReadContext, SequenceMixer } from './mixer'
import { checkSizes } from './check-sizes'
import { SizeError } from './size-error'

export interface DecoderConfig {
  vocabularySize: number
  hiddenSize: number
  heads: number
  /** Hidden width F of each MLP; 0 for blocks without one. */
  intermediateSize: number
  /** One kind of mixer for each block. */
  mixers: readonly MixerKind[]
  /** How many of the last blocks have a prime MLP beside their own. */
  suffixBlocks: number
  /** What the prime MLPs are; of the width of the blocks' own, before them, where left out. */
  prime?: PrimeMlp
  ropeTheta: number
  /** For contexts longer than those of pretraining; none where left out. */
  ropeScaling?: RopeScaling | null
  normEpsilon: number
  /** Whether a norm follows each sublayer too (a sandwich, as the paper's recipe has it); true where left out. */
  postNorms?: boolean
  /** Taps K of a causal depthwise convolution before each mixer; 0, none, where left out. */
  preConv?: number
  /** Whether the linear layers of the blocks' own MLPs add a bias; not where left out. */
  biases?: boolean
  /** Whether the output head has weights of its own; where left out it is the embedding. */
  untiedHead?: boolean
}

/** What a prime MLP is to the block's own. */
export interface PrimeMlp {
  /** Hidden width. */
  readonly width: number
  /**
   * Whether it is split off the block's own MLP, whose other units stay: both read the same input, and their outputs are
   * added up. Otherwise it is one more sublayer, before the own MLP.
   */
  readonly split: boolean
}

export type DecoderParams = {
  /**
   * [V, D], also the output head where that has no weights of its own. What nothing learns may be quantised, see
   * `quantisedLinear`: this, the head and whatever `linear` multiplies by.
   */
  embedding: Tensor
  blocks: readonly BlockParams[]
  /** The prime MLPs of the last `suffixBlocks` blocks, where reading starts from. */
  prime: readonly MlpWeights[]
  finalNorm: Tensor
  /** [V, D]; only where it isn't the embedding. */
  head?: Tensor
}

/** The parameters that the suffix uses, so that a gradient through it asks for no others. */
export type SuffixParams = {
  /** [V, D]: the embedding, or the head's own weights. */
  head: Tensor
  blocks: readonly Partial<BlockParams>[]
  finalNorm: Tensor
}

/** One step of the prefix: the parameters it uses and what it does with the hidden states [B, T, D]. */
export interface PrefixStage {
  params(all: DecoderParams): TensorTree
  start(params: TensorTree, batch: number): MixingState
  /** See `SequenceMixer.reserve`. */
  reserve(state: MixingState, tokens: number): MixingState
  run(
    params: TensorTree,
    hidden: Tensor,
    state: MixingState,
    options: ReadContext,
  ): { hidden: Tensor; state: MixingState }
}

/**
 * A decoder in two parts. The *prefix* is everything before the first prime MLP: the embedding, the blocks without
 * one, and the mixer of the first block that has one (it reads nothing that learns). The *suffix* is the rest, up to
 * the losses; with no prime MLP it is only the head.
 */
export interface Decoder {
  readonly config: DecoderConfig
  init(random: Random): DecoderParams
  /** @param tokens int32 [B, T] @returns [B, T, D] */
  embed(embedding: Tensor, tokens: Tensor): Tensor
  readonly prefix: readonly PrefixStage[]
  /** How many of the prefix's stages are whole blocks. */
  readonly prefixBlocks: number
  suffixParams(all: DecoderParams): SuffixParams
  startSuffix(params: SuffixParams, batch: number): MixingState[]
  /** See `SequenceMixer.reserve`. @param s which of the suffix's states it is */
  reserveSuffix(state: MixingState, s: number, tokens: number): MixingState
  /** Of each state whether its mixer's lasts, see `SequenceMixer.lasts`. */
  suffixLasts(states: readonly MixingState[], tokens: number): boolean[]
  /**
   * @param prime one set of weights per suffix block, each [D, F] or with a batch axis [B, D, F]
   * @param hidden the prefix's output [B, T, D]
   * @returns the hidden states after the last norm [B, T, D] and the states after these tokens
   */
  readSuffix(
    params: SuffixParams,
    prime: readonly MlpWeights[],
    hidden: Tensor,
    states: readonly MixingState[],
    options: ReadContext,
  ): { hidden: Tensor; states: MixingState[] }
  /** Cross entropy in nats [B, T]. @param hidden after the last norm @param targets int32 [B, T] */
  losses(params: SuffixParams, hidden: Tensor, targets: Tensor): Tensor
  /** @returns [B, T, V] */
  logits(params: SuffixParams, hidden: Tensor): Tensor
  /** Whether some stage of the prefix needs the tokens' embeddings beside the hidden states. */
  readonly readsEmbedding: boolean
  /** See `SequenceMixer.innerRate`; undefined where no mixer has one. */
  readonly innerRate?: number
  /** The paths of the parameters that weight decay leaves alone. */
  readonly undecayed: readonly string[]
  /** How many values its parameters hold, the embedding's included. */
  readonly parameterCount: number
  /** Bytes of one sequence's states with room for `position` tokens. */
  stateBytes(position: number): { prefix: number; suffix: number }
  /** Floating-point operations that the last of `position` tokens takes, forward. */
  flops(position: number): DecoderFlops
}

/** Two operations for each value that is multiplied and added; norms and other elementwise work don't count. */
export interface DecoderFlops {
  prefix: number
  /** With the head. */
  suffix: number
  /** One prime MLP; part of the above. */
  prime: number
}

/** @throws SizeError if a size can't be, or they don't fit each other */
export function createDecoder(config: DecoderConfig): Decoder {
  const { vocabularySize, hiddenSize, intermediateSize, suffixBlocks, normEpsilon } = config
  const { postNorms = true, preConv = 0, biases = false, untiedHead = false } = config
  const layers = config.mixers.length
  checkSizes({ layers, ...config, postNorms, preConv, untiedHead })
  if (suffixBlocks > layers)
    throw new SizeError(`${suffixBlocks} suffix blocks don't fit into ${layers} layers`)
  if (suffixBlocks > 0 && intermediateSize === 0)
    throw new SizeError(
      'blocks without an MLP have no width for a prime one: give an intermediate size above 0',
    )
  const prime = config.prime ?? { width: intermediateSize, split: false }
  if (config.prime) checkPrime(config.prime, intermediateSize, biases)
  const mixers: SequenceMixer[] = config.mixers.map((kind) => kind(config))
  const prefixBlocks = layers - suffixBlocks
  if (mixers.slice(prefixBlocks + 1).some((mixer) => mixer.readsEmbedding))
    throw new SizeError(
      'a mixer that learns the embeddings must stand before the blocks that learn while reading; let it learn its own input there',
    )

  const feedForwardSublayer = (params: BlockParams['feedForward'], hidden: Tensor): Tensor =>
    params ? mlpSublayer(params.norms, params.mlp, hidden, normEpsilon) : hidden
  const wholeBlock = (index: number): PrefixStage => ({
    params: ({ blocks }) => ({ mixing: blocks[index].mixing, feedForward: blocks[index].feedForward }),
    start: (params, batch) => startMixing((params as BlockParams).mixing, mixers[index], batch),
    reserve: (state, tokens) => reserveMixing(mixers[index], state, tokens),
    run(params, hidden, state, options) {
      const { mixing, feedForward } = params as BlockParams
      const mixed = mixSublayer(mixing, mixers[index], hidden, state, normEpsilon, options)
      return { hidden: feedForwardSublayer(feedForward, mixed.hidden), state: mixed.state }
    },
  })
  const mixerOnly = (index: number): PrefixStage => ({
    params: ({ blocks }) => blocks[index].mixing,
    start: (params, batch) => startMixing(params as BlockParams['mixing'], mixers[index], batch),
    reserve: (state, tokens) => reserveMixing(mixers[index], state, tokens),
    run: (params, hidden, state, options) =>
      mixSublayer(params as BlockParams['mixing'], mixers[index], hidden, state, normEpsilon, options),
  })
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const normsCount = hiddenSize * (postNorms ? 2 : 1)
  const mlpCount = 3 * hiddenSize * intermediateSize
  const primeCount = 3 * hiddenSize * prime.width
  // What a prime is split off from has lost it.
  const addedByPrime = prime.split ? 0 : primeCount + normsCount
  const ownWidth = (block: number) =>
    prime.split && block >= prefixBlocks ? intermediateSize - prime.width : intermediateSize
  const mlpBiasCount = biases && intermediateSize > 0 ? 2 * intermediateSize + hiddenSize : 0
  const preConvBytes = preConv > 0 ? 4 * hiddenSize * (preConv - 1) : 0
  const preConvCount = preConv > 0 ? hiddenSize * (preConv + 1) + normsCount : 0
  const prefix = Array.from({ length: prefixBlocks }, (_, i) => wholeBlock(i))
  if (suffixBlocks > 0) prefix.push(mixerOnly(prefixBlocks))

  return {
    config,
    prefix,
    prefixBlocks,
    init: (random) => ({
      embedding: normalWeight(random, [vocabularySize, hiddenSize]),
      blocks: mixers.map((mixer, i) => ({
        mixing: {
          mixer: mixer.init(random),
          norms: initNorms(hiddenSize, postNorms),
          ...(preConv > 0 && { preConv: initPreConv(random, hiddenSize, preConv, postNorms) }),
        },
        ...(i >= prefixBlocks && !prime.split && { prime: { norms: initNorms(hiddenSize, postNorms) } }),
        ...(intermediateSize > 0 && {
          feedForward: {
            mlp: {
              ...initMlp(random, hiddenSize, ownWidth(i)),
              ...(biases && initMlpBiases(hiddenSize, intermediateSize)),
            },
            norms: initNorms(hiddenSize, postNorms),
          },
        }),
      })),
      prime: Array.from({ length: suffixBlocks }, () => initMlp(random, hiddenSize, prime.width)),
      finalNorm: tf.ones([hiddenSize]),
      ...(untiedHead && { head: normalWeight(random, [vocabularySize, hiddenSize]) }),
    }),
    readsEmbedding: mixers.some((mixer) => mixer.readsEmbedding),
    innerRate: mixers.find((mixer) => mixer.innerRate !== undefined)?.innerRate,
    undecayed: mixers.flatMap(({ undecayed = [] }, i) =>
      undecayed.map((name) => `blocks.${i}.mixing.mixer.${name}`),
    ),
    embed: (embedding, tokens) =>
      isQuantised(embedding) ? quantisedRows(embedding, tokens) : tf.gather(embedding, tokens as never),
    suffixParams: ({ embedding, blocks, finalNorm, head = embedding }) => ({
      head,
      finalNorm,
      blocks: blocks.slice(prefixBlocks).map(({ mixing, prime, feedForward }, s) => ({
        ...(s > 0 && { mixing }),
        prime,
        feedForward,
      })),
    }),
    startSuffix: (params, batch) =>
      params.blocks
        .slice(1)
        .map((block, i) => startMixing(block.mixing!, mixers[prefixBlocks + 1 + i], batch)),
    reserveSuffix: (state, s, tokens) => reserveMixing(mixers[prefixBlocks + 1 + s], state, tokens),
    suffixLasts: (states, tokens) =>
      states.map(({ mixer }, s) => mixers[prefixBlocks + 1 + s].lasts?.(mixer, tokens) ?? false),
    readSuffix(params, weights, hidden, states, options) {
      const after: MixingState[] = []
      params.blocks.forEach((block, s) => {
        if (s > 0) {
          const mixed = mixSublayer(
            block.mixing!,
            mixers[prefixBlocks + s],
            hidden,
            states[s - 1],
            normEpsilon,
            options,
          )
          hidden = mixed.hidden
          after.push(mixed.state)
        }
        if (prime.split) {
          const { norms, mlp } = block.feedForward!
          hidden = splitMlpSublayer(norms, [weights[s], mlp], hidden, normEpsilon)
        } else {
          hidden = mlpSublayer(block.prime!.norms, weights[s], hidden, normEpsilon)
          hidden = feedForwardSublayer(block.feedForward, hidden)
        }
      })
      return { hidden: rmsNorm(hidden, params.finalNorm, normEpsilon), states: after }
    },
    losses(params, hidden, targets) {
      const [batch, length, width] = hidden.shape
      const rows = linearCrossEntropy(
        tf.reshape(hidden, [batch * length, width]),
        params.head,
        tf.reshape(targets, [batch * length]),
      )
      return tf.reshape(rows, [batch, length])
    },
    logits(params, hidden) {
      if (isQuantised(params.head)) return quantisedLinear(hidden, params.head)
      const [batch, length, width] = hidden.shape
      const rows = tf.matMul(tf.reshape(hidden, [batch * length, width]), params.head as never, false, true)
      return tf.reshape(rows, [batch, length, params.head.shape[0]])
    },
    parameterCount:
      (untiedHead ? 2 : 1) * vocabularySize * hiddenSize +
      hiddenSize +
      sum(mixers.map((mixer) => mixer.parameterCount)) +
      layers *
        (normsCount + preConvCount + mlpBiasCount + (intermediateSize > 0 ? mlpCount + normsCount : 0)) +
      suffixBlocks * addedByPrime,
    stateBytes(position) {
      const bytes = mixers.map((mixer) => mixer.stateBytes(position) + preConvBytes)
      return { prefix: sum(bytes.slice(0, prefix.length)), suffix: sum(bytes.slice(prefix.length)) }
    },
    flops(position) {
      const mixing = mixers.map((mixer) => mixer.flops(position) + 2 * hiddenSize * preConv)
      const mlps = 2 * mlpCount + (prime.split ? 0 : 2 * primeCount)
      return {
        prefix: sum(mixing.slice(0, prefix.length)) + prefixBlocks * 2 * mlpCount,
        suffix: sum(mixing.slice(prefix.length)) + suffixBlocks * mlps + 2 * vocabularySize * hiddenSize,
        prime: 2 * primeCount,
      }
    },
  }
}

/** @throws SizeError for a prime MLP that the block's own has no room for */
function checkPrime({ width, split }: PrimeMlp, intermediateSize: number, biases: boolean): void {
  checkSizes({ primeWidth: width })
  if (!split) return
  if (width >= intermediateSize)
    throw new SizeError(
      `primeWidth is ${width}; split off an MLP of ${intermediateSize} units it must be below that, so that some stay`,
    )
  if (biases)
    throw new SizeError(
      'an MLP with biases has none for a prime one that is split off it; add one before it instead',
    )
}
