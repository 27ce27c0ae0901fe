export { linear, linearOp } from './linear'
export {
  fillsBlocks,
  interleaveBlocks,
  isQuantised,
  keepsQuantised,
  quantisedLinear,
  quantisedRows,
  type QuantisedFormatName,
  type QuantisedMatrix,
} from './quantised'
export { rmsNorm, rmsNormOp } from './rms-norm'
export { rope, ropeOp, type RopeScaling } from './rope'
export { swiglu, swigluOp } from './swiglu'
export { attention, attentionOp, jointAttention, type AttentionPart } from './attention'
export { joinRing, ringJoinOp, ringWriteOp, writeRing } from './ring-cache'
export { shortConv, shortConvOp, biasedShortConvOp } from './short-conv'
export { ssdScan, ssdScanOp } from './ssd-scan'
export { mamba3Rotation, mamba3RotationOp } from './mamba3-rotation'
export { mamba3, mamba3ScanOp, type Mamba3Inputs, type Mamba3State } from './mamba3-scan'
export { gatedDeltaRule, gatedDeltaRuleOp } from './gated-delta-rule'
export { channelDeltaRuleOp, gatedDeltaRule2, kimiDeltaRule } from './channel-delta-rule'
export { inPlaceTtt, inPlaceTttOp, inPlaceTttStart, type InPlaceTttState } from './in-place-ttt'
export { mesa, mesaOp, type ConjugateGradients, type MesaInputs, type MesaState } from './mesa'
export { linearCrossEntropy, linearCrossEntropyLossesOp, linearCrossEntropyOp } from './linear-cross-entropy'
export { clippedSgd, clippedSgdOp } from './clipped-sgd'
export { gradientClip, gradientClipOp } from './gradient-clip'
export { adamw, adamwOp, type AdamwAttributes } from './adamw'
export {
  lact,
  lactOp,
  lactStart,
  lactWeights,
  type LactInputs,
  type LactOptions,
  type LactState,
} from './lact'
export {
  titansMemory,
  titansMemoryOp,
  titansMemoryStart,
  type TitansMemoryInputs,
  type TitansMemoryOptions,
  type TitansMemoryState,
} from './titans-memory'
export { highestRate, highestTokenRate } from './highest-rate'
export { tttLinear, tttLinearOp, type TttLinearState } from './ttt-linear'
export { tttMlp, tttMlpOp, type TttMlpState } from './ttt-mlp'
export { type TttTokens } from './ttt-layer/define'
export { gelu } from './ttt-layer/gelu'
