export type { Batch } from '@ttt-e2e/tensor-ops'
export { columns } from './batch-columns'
export { carriedBy, keptBorders, type Carried } from './carried'
export { type Sequence } from './sequences'
export { type Losses } from './losses'
export { type ChunkRecord, type MetaGradientRecord } from './record'
export { batchShapeAt, fullLengthFrom, standardCurriculum, type BatchShape } from './curriculum'
export { DataParallel, type DataParallelOptions } from './data-parallel/data-parallel'
export { metaGradient, type MetaGradient, type MetaGradientOptions } from './meta-gradient'
export { decodeRun, disposeRun, encodeRun, startRun, startRunFrom, type RunState } from './run-state'
export { trainedParts, trainedTree, type TrainedPart } from './trained-part'
export { innerRateMultiplier, learningRate, standardSchedule, type Schedule } from './schedule'
export { train, type TrainOptions } from './train'
export { standardOptimizer, type Optimizer } from './optimizer'
export { NonFiniteGradient, NonFiniteLoss, trainStep, type StepReport } from './train-step'
export {
  type Curriculum,
  type DataRecipe,
  type Recipe,
  type RowsRecipe,
  type TokensTokenizer,
  type WarmStartRecipe,
} from './recipe'
export { defaultMemoryBudget } from './walk-batch'
