export { learnFromChunk, maskedMean, predictChunk, type Chunk, type LearnedChunk, type Prediction } from './chunk'
export { startFastWeights, type FastWeights } from './fast-weights'
export { lossChunkOf, type LearningRule, type Params, type System } from './system'
export { Reader, type ReaderOptions } from './reader'
