export { type ModelSize } from '@ttt-e2e/swa-transformer'
export { architectureOf, createSystem } from './create-system'
export { buildSystem, type Blueprint } from './architecture/build-system'
export { architectureSchema } from './architecture/schema'
export { mixers, type MixerMaker, type Mixers } from './mixers'
export { problemsOf } from './problems-of'
export {
  gatedDeltanetMixer,
  type GatedDeltanetOptions,
  type GatedDeltanetParams,
} from './gated-deltanet/mixer'
export { gdn2Mixer, type Gdn2Options } from './gdn2/mixer'
export { kdaMixer, type KdaOptions } from './kda/mixer'
export { mamba2Mixer, type Mamba2Options, type Mamba2Params } from './mamba2/mixer'
export { mamba3Mixer, type Mamba3Options, type Mamba3Params } from './mamba3/mixer'
export { mesanetMixer, type MesanetOptions, type MesanetParams } from './mesanet/mixer'
export { mlpMixer } from './mlp/mixer'
export { inPlaceTttMixer, type InPlaceTttOptions, type InPlaceTttParams } from './in-place-ttt/mixer'
export { type Knob, type NamedDefinition, type SystemDefinition } from './definition'
export { patternLength, widthOf } from './width'
export { definitionOf, systemNames, systems, UnknownSystem, type SystemName } from './systems'
export { type TttOptions } from './ttt-layer/mixer'
export { tttLinearMixer } from './ttt-linear/mixer'
export { tttMlpMixer } from './ttt-mlp/mixer'
export { titansMixer, type TitansOptions } from './titans/mixer'
export { tttKvbMixer, type TttKvbOptions } from './ttt-kvb/mixer'
export {
  warmArchitecture,
  warmSystems,
  type WarmPrime,
  type WarmStartOptions,
  type WarmSystem,
} from './warm-start/architecture'
export { warmStart, type Pretrained } from './warm-start/parameters'
