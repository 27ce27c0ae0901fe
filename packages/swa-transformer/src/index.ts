export {
  createDecoder,
  type Decoder,
  type DecoderConfig,
  type DecoderParams,
  type PrefixStage,
  type SuffixParams,
} from './decoder'
export { attentionMixer, type AttentionParams } from './attention-mixer'
export { type BlockParams, type MlpWeights, type SandwichNorm } from './block'
export {
  joinStates,
  stateMetas,
  stateTensors,
  type MixerKind,
  type MixerSizes,
  type SequenceMixer,
  type SequenceState,
} from './mixer'
export { publishedSizes, widthWithPrimes, type ModelSize } from './size'
