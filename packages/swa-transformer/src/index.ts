export { type Architecture, type MixerRecord } from './architecture'
export {
  createDecoder,
  type Decoder,
  type DecoderConfig,
  type DecoderFlops,
  type DecoderParams,
  type PrimeMlp,
  type PrefixStage,
  type SuffixParams,
} from './decoder'
export { attentionMixer, type AttentionOptions, type AttentionParams } from './attention-mixer'
export {
  type BlockParams,
  type MixingState,
  type MlpWeights,
  type PreConvParams,
  type SublayerNorms,
} from './block'
export { initConv, normalWeight, uniformWeight, type ConvParams } from './init'
export {
  type MixerKind,
  type MixerSizes,
  type ReadContext,
  type SequenceMixer,
  type SequenceState,
} from './mixer'
export {
  cachedAttention,
  cacheSlots,
  reserveCache,
  seenTokens,
  startCache,
  type AttentionCache,
} from './cached-attention'
export { growPrefix, growSuffix } from './grown-states'
export { readPrefix } from './read-prefix'
export { type KeepFirst } from './first-tokens'
export { headWidthOf } from './head-width'
export { publishedSizes, widthWithPrimes, type ModelSize } from './size'
export { SizeError } from './size-error'
export { checkSizes } from './check-sizes'
