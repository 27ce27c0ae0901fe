import './check-node'
export { crc32c } from './crc32c'
export { duplicateKey } from './duplicate-key'
export { tf, type Tensor } from './tf'
export { TwoCopies } from './autodiff/one-copy'
export { isDifferentiated, vjp, type Vjp, type Cotangents } from './autodiff/vjp'
export { defineFusedOp } from './fused-op/define'
export {
  atLeast,
  multipleOf,
  shapesOf,
  type Attributes,
  type FusedOp,
  type FusedOpDefinition,
  type KernelFamily,
  type Shapes,
  type Tensors,
  type WantedShapes,
} from './fused-op/definition'
export { registerFusedKernels, type FusedKernel, type FusedKernelCall } from './fused-op/kernels'
export { definedFusedOps } from './fused-op/registry'
export { coreCount } from './engine/core-count'
export { type EngineMemory } from './engine/memory'
export {
  engineCommands,
  engineLimits,
  engineMemory,
  giveBackIdle,
  engineNames,
  EngineError,
  precisions,
  precisionsInWords,
  registerEngine,
  resolveEngine,
  type Engine,
  type EngineCommands,
  type EngineOptions,
  type Precision,
  type ResolvedEngine,
} from './engine/registry'
import './engine/cpu'
export { noteFallback, profileKernels, type KernelProfile, type KernelTotal } from './engine/kernel-profile'
export { program, vjpProgram, type ProgramKey } from './program/program'
export { GradientSum } from './scan/gradient-sum'
export { scanVjp, type Scan, type ScanOptions, type ScanStep } from './scan/scan-vjp'
export { TapeBudget } from './scan/tape-budget'
export {
  usePrograms,
  type CompiledProgram,
  type ProgramBackend,
  type ProgramRest,
  type Recording,
} from './program/backend'
export { createRandom, fold, restoreRandom, type Random, type RandomState } from './random'
export {
  disposeTree,
  treeBytes,
  treeEntries,
  treeLeaves,
  treeMap,
  treeSelect,
  treeSize,
  treeWithLeaves,
  type TensorTree,
} from './tree'
export {
  bytesOf,
  decodeSafetensors,
  encodeSafetensorsHeader,
  readSafetensorsHeaderFrom,
  readSafetensorsHeader,
  encodeSafetensors,
  fromPlainTensor,
  toPlainTensors,
  SafetensorsError,
  type SafetensorsHeader,
  type PlainTensor,
  type PlainTensors,
} from './safetensors'
export { float16Values } from './float16'
export { UserError } from './user-error'
export { type Batch } from './batch'
export { alone } from './communicator/alone'
export { type Communicator, type SharedValues } from './communicator/communicator'
export { gatherUneven } from './communicator/gather-uneven'
export { shareOf, sharesOf } from './communicator/shares'
export { bytesInMemory, type ByteSource } from './byte-source'
export {
  allFinite,
  loadLike,
  mismatches,
  safetensorsSource,
  wantedLike,
  type WeightSource,
} from './weight-source'
export { isForm, treeForm } from './tree-form'
export { liveBytes, liveTensors } from './memory'
export { pause } from './pause'
export { read, readBacks, readInto, readTensors, type TensorValues, type ValuesOf } from './read'
export { tidy } from './tidy'
export { relativeError, relativeErrorOf } from './compare'
export { broadcastStrides, stridesOf } from './strides'
