export {
  learnFromChunk,
  maskedMean,
  predictChunk,
  type Chunk,
  type LearnedChunk,
  type Prediction,
} from './chunk'
export { startFastWeights, type Decay, type FastWeights } from './fast-weights'
export { countFlops, type FlopCount } from './flops'
export { countStateBytes } from './state-bytes'
export { lossChunkOf, type LearningRule, type Params, type System } from './system'
export { Reader, type ReaderOptions, type ReadOptions } from './reader'
export { ReaderGroup, type DecodingStep } from './reader-group'
export { type ReadingPiece } from './read-together'
export { generate, type GenerateOptions } from './generate'
export { type SavedForm, type SavedState } from './saved-state'
export { Sampler, sampleToken, type SamplingOptions } from './sample'
export { weightDistances, type WeightDistance } from './weight-distances'
export { readDocuments, type ReadDocumentsOptions } from './read-documents'
