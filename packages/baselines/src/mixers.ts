import { attentionMixer, SizeError, type MixerKind } from '@ttt-e2e/swa-transformer'
import type { z } from 'zod'
import { attentionOptions } from './attention/options'
import { gatedDeltanetMixer } from './gated-deltanet/mixer'
import { gatedDeltanetOptions } from './gated-deltanet/options'
import { gdn2Mixer } from './gdn2/mixer'
import { gdn2Options } from './gdn2/options'
import { kdaMixer } from './kda/mixer'
import { kdaOptions } from './kda/options'
import { inPlaceTttMixer } from './in-place-ttt/mixer'
import { inPlaceTttOptions } from './in-place-ttt/options'
import { mamba2Mixer } from './mamba2/mixer'
import { mamba2Options } from './mamba2/options'
import { mamba3Mixer } from './mamba3/mixer'
import { mamba3Options } from './mamba3/options'
import { mesanetMixer } from './mesanet/mixer'
import { mesanetOptions } from './mesanet/options'
import { mlpMixer } from './mlp/mixer'
import { mlpOptions } from './mlp/options'
import { problemsOf } from './problems-of'
import { titansMixer } from './titans/mixer'
import { titansOptions } from './titans/options'
import { tttKvbMixer } from './ttt-kvb/mixer'
import { tttKvbOptions } from './ttt-kvb/options'
import { tttOptions } from './ttt-layer/options'
import { tttLinearMixer } from './ttt-linear/mixer'
import { tttMlpMixer } from './ttt-mlp/mixer'

/** Makes a mixer of what its record says of it. @throws SizeError for options that it can't have */
export type MixerMaker = (options: object) => MixerKind

/** Mixers by the name that they have in architectures. */
export type Mixers = Readonly<Record<string, MixerMaker>>

/** Every mixer by name: a new one is a folder and a line here, or given to whoever builds a system. */
export const mixers: Mixers = {
  attention: checked('attention', attentionOptions, ({ window, ...options }) =>
    attentionMixer(window, options),
  ),
  mamba2: checked('mamba2', mamba2Options, mamba2Mixer),
  'gated-deltanet': checked('gated-deltanet', gatedDeltanetOptions, gatedDeltanetMixer),
  kda: checked('kda', kdaOptions, kdaMixer),
  gdn2: checked('gdn2', gdn2Options, gdn2Mixer),
  'ttt-linear': checked('ttt-linear', tttOptions, tttLinearMixer),
  'ttt-mlp': checked('ttt-mlp', tttOptions, tttMlpMixer),
  'ttt-kvb': checked('ttt-kvb', tttKvbOptions, tttKvbMixer),
  titans: checked('titans', titansOptions, titansMixer),
  mamba3: checked('mamba3', mamba3Options, mamba3Mixer),
  mlp: checked('mlp', mlpOptions, mlpMixer),
  'in-place-ttt': checked('in-place-ttt', inPlaceTttOptions, inPlaceTttMixer),
  mesanet: checked('mesanet', mesanetOptions, mesanetMixer),
}

function checked<O>(name: string, schema: z.ZodType<O>, create: (options: O) => MixerKind): MixerMaker {
  return (options) => {
    const parsed = schema.safeParse(options)
    if (parsed.success) return create(parsed.data)
    throw new SizeError(
      `the mixer '${name}' can't be as it is described: ${problemsOf(parsed.error).join('; ')}`,
    )
  }
}
