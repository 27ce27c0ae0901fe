import { linearCrossEntropy, rmsNorm } from '@ttt-e2e/kernels/ops'
import { tf, type Random, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import { initMlp, initNorms, mixSublayer, mlpSublayer, type BlockParams, type MlpWeights } from './block'
import { normalWeight } from './init'
import type { MixerKind, SequenceMixer, SequenceState } from './mixer'

export interface DecoderConfig {
  vocabularySize: number
  hiddenSize: number
  heads: number
  /** Hidden width F of each MLP. */
  intermediateSize: number
  /** One kind of mixer for each block. */
  mixers: readonly MixerKind[]
  /** How many of the last blocks have a prime MLP beside their own. */
  suffixBlocks: number
  ropeTheta: number
  normEpsilon: number
}

export type DecoderParams = {
  /** [V, D], also the output head. */
  embedding: Tensor
  blocks: readonly BlockParams[]
  /** The prime MLPs of the last `suffixBlocks` blocks, where reading starts from. */
  prime: readonly MlpWeights[]
  finalNorm: Tensor
}

/** The parameters that the suffix uses, so that a gradient through it asks for no others. */
export type SuffixParams = {
  embedding: Tensor
  blocks: readonly Partial<BlockParams>[]
  finalNorm: Tensor
}

/** One step of the prefix: the parameters it uses and what it does with the hidden states [B, T, D]. */
export interface PrefixStage {
  params(all: DecoderParams): TensorTree
  start(params: TensorTree, batch: number): SequenceState
  run(params: TensorTree, hidden: Tensor, state: SequenceState): { hidden: Tensor; state: SequenceState }
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
  startSuffix(params: SuffixParams, batch: number): SequenceState[]
  /**
   * @param prime one set of weights per suffix block, each [D, F] or with a batch axis [B, D, F]
   * @param hidden the prefix's output [B, T, D]
   * @returns the hidden states after the last norm [B, T, D] and the states after these tokens
   */
  readSuffix(
    params: SuffixParams,
    prime: readonly MlpWeights[],
    hidden: Tensor,
    states: readonly SequenceState[],
  ): { hidden: Tensor; states: SequenceState[] }
  /** Cross entropy in nats [B, T]. @param hidden after the last norm @param targets int32 [B, T] */
  losses(params: SuffixParams, hidden: Tensor, targets: Tensor): Tensor
  /** @returns [B, T, V] */
  logits(params: SuffixParams, hidden: Tensor): Tensor
  /** Bytes of one sequence's mixer states after `position` tokens. */
  stateBytes(position: number): number
}

/** @throws if the sizes don't fit each other */
export function createDecoder(config: DecoderConfig): Decoder {
  const { vocabularySize, hiddenSize, heads, intermediateSize, suffixBlocks, normEpsilon } = config
  const layers = config.mixers.length
  if (suffixBlocks > layers) throw new Error(`${suffixBlocks} suffix blocks don't fit into ${layers} layers`)
  if (hiddenSize % (2 * heads) !== 0)
    throw new Error(`the hidden size ${hiddenSize} must be an even multiple of the ${heads} heads`)
  const mixers: SequenceMixer[] = config.mixers.map((kind) => kind(config))
  const prefixBlocks = layers - suffixBlocks

  const wholeBlock = (index: number): PrefixStage => ({
    params: ({ blocks }) => ({ mixing: blocks[index].mixing, feedForward: blocks[index].feedForward }),
    start: (params, batch) => mixers[index].start((params as BlockParams).mixing.mixer, batch),
    run(params, hidden, state) {
      const { mixing, feedForward } = params as BlockParams
      const mixed = mixSublayer(mixing, mixers[index], hidden, state, normEpsilon)
      return {
        hidden: mlpSublayer(feedForward.norms, feedForward.mlp, mixed.hidden, normEpsilon),
        state: mixed.state,
      }
    },
  })
  const mixerOnly = (index: number): PrefixStage => ({
    params: ({ blocks }) => blocks[index].mixing,
    start: (params, batch) => mixers[index].start((params as BlockParams['mixing']).mixer, batch),
    run: (params, hidden, state) =>
      mixSublayer(params as BlockParams['mixing'], mixers[index], hidden, state, normEpsilon),
  })
  const prefix = Array.from({ length: prefixBlocks }, (_, i) => wholeBlock(i))
  if (suffixBlocks > 0) prefix.push(mixerOnly(prefixBlocks))

  return {
    config,
    prefix,
    prefixBlocks,
    init: (random) => ({
      embedding: normalWeight(random, [vocabularySize, hiddenSize]),
      blocks: mixers.map((mixer, i) => ({
        mixing: { mixer: mixer.init(random), norms: initNorms(hiddenSize) },
        ...(i >= prefixBlocks && { prime: { norms: initNorms(hiddenSize) } }),
        feedForward: { mlp: initMlp(random, hiddenSize, intermediateSize), norms: initNorms(hiddenSize) },
      })),
      prime: Array.from({ length: suffixBlocks }, () => initMlp(random, hiddenSize, intermediateSize)),
      finalNorm: tf.ones([hiddenSize]),
    }),
    embed: (embedding, tokens) => tf.gather(embedding, tokens as never),
    suffixParams: ({ embedding, blocks, finalNorm }) => ({
      embedding,
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
        .map((block, i) => mixers[prefixBlocks + 1 + i].start(block.mixing!.mixer, batch)),
    readSuffix(params, prime, hidden, states) {
      const after: SequenceState[] = []
      params.blocks.forEach((block, s) => {
        if (s > 0) {
          const mixed = mixSublayer(
            block.mixing!,
            mixers[prefixBlocks + s],
            hidden,
            states[s - 1],
            normEpsilon,
          )
          hidden = mixed.hidden
          after.push(mixed.state)
        }
        hidden = mlpSublayer(block.prime!.norms, prime[s], hidden, normEpsilon)
        hidden = mlpSublayer(block.feedForward!.norms, block.feedForward!.mlp, hidden, normEpsilon)
      })
      return { hidden: rmsNorm(hidden, params.finalNorm, normEpsilon), states: after }
    },
    losses(params, hidden, targets) {
      const [batch, length, width] = hidden.shape
      const rows = linearCrossEntropy(
        tf.reshape(hidden, [batch * length, width]),
        params.embedding,
        tf.reshape(targets, [batch * length]),
      )
      return tf.reshape(rows, [batch, length])
    },
    logits(params, hidden) {
      const [batch, length, width] = hidden.shape
      const rows = tf.matMul(
        tf.reshape(hidden, [batch * length, width]),
        params.embedding as never,
        false,
        true,
      )
      return tf.reshape(rows, [batch, length, params.embedding.shape[0]])
    },
    stateBytes: (position) => mixers.reduce((sum, mixer) => sum + mixer.stateBytes(position), 0),
  }
}
