export { type Architecture, type MixerRecord } from './architecture'
export {
  createDecoder,
  type Decoder,
  type DecoderConfig,
  type DecoderFlops,
  type DecoderParams,
  type PrefixStage,
  type SuffixParams,
} from './decoder'
export { attentionMixer, type AttentionOptions, type AttentionParams } from './attention-mixer'
export { type BlockParams, type MlpWeights, type PreConvParams, type SublayerNorms } from './block'
export { initConv, normalWeight, uniformWeight, type ConvParams } from './init'
export {
  advanced,
  joinStates,
  stateMetas,
  stateTensors,
  type MixerKind,
  type MixerSizes,
  type SequenceMixer,
  type SequenceState,
} from './mixer'
export { readPrefix } from './read-prefix'
export { cachedTokens, rollingAttention, type RollingCache } from './rolling-attention'
export { headWidthOf, publishedSizes, SizeError, widthWithPrimes, type ModelSize } from './size'
