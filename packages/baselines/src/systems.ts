import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { fullAttention, hybrid, hybridSinks, slidingWindow, slidingWindowSinks } from './attention/system'
import type { SystemDefinition } from './definition'
import { gatedDeltanet, gatedDeltanetPure, tttE2eGatedDeltanet } from './gated-deltanet/system'
import { gdn2, gdn2Pure, tttE2eGdn2 } from './gdn2/system'
import { kdaHybrid, kdaPure, kimiLinear, tttE2eKda } from './kda/system'
import { inPlaceTtt, tttE2eInPlaceTtt } from './in-place-ttt/system'
import { mamba2, mamba2Pure, tttE2eMamba2 } from './mamba2/system'
import { mamba3, mamba3Pure, tttE2eMamba3 } from './mamba3/system'
import { mesanet } from './mesanet/system'
import { titans } from './titans/system'
import { tttKvb } from './ttt-kvb/system'
import { tttLinear } from './ttt-linear/system'
import { tttMlp } from './ttt-mlp/system'
import { tttE2e, tttNaive, tttOff, tttStatic } from './ttt-e2e/system'

/** Every system of the comparison: a new one is a folder and a line here. */
export const systems = {
  'ttt-e2e': tttE2e,
  'full-attention': fullAttention,
  swa: slidingWindow,
  'ttt-static': tttStatic,
  'ttt-off': tttOff,
  'ttt-naive': tttNaive,
  'hybrid-5-1': hybrid,
  mamba2,
  'gated-deltanet': gatedDeltanet,
  'mamba2-pure': mamba2Pure,
  'gated-deltanet-pure': gatedDeltanetPure,
  'ttt-linear': tttLinear,
  'ttt-mlp': tttMlp,
  'ttt-kvb': tttKvb,
  titans,
  'ttt-e2e+gated-deltanet': tttE2eGatedDeltanet,
  'ttt-e2e+mamba2': tttE2eMamba2,
  kda: kdaHybrid,
  'kda-pure': kdaPure,
  'kimi-linear': kimiLinear,
  'ttt-e2e+kda': tttE2eKda,
  gdn2,
  'gdn2-pure': gdn2Pure,
  'ttt-e2e+gdn2': tttE2eGdn2,
  'swa-sinks': slidingWindowSinks,
  'hybrid-5-1-sinks': hybridSinks,
  mamba3,
  'mamba3-pure': mamba3Pure,
  'ttt-e2e+mamba3': tttE2eMamba3,
  'in-place-ttt': inPlaceTtt,
  'ttt-e2e+in-place-ttt': tttE2eInPlaceTtt,
  mesanet,
} satisfies Record<string, SystemDefinition>

export type SystemName = keyof typeof systems

export const systemNames = Object.keys(systems) as SystemName[]

/** A system that is in no registry. The message names those that are. */
export class UnknownSystem extends UserError {
  override readonly name = 'UnknownSystem'
  override readonly code = 'unknown_system'
}

/** @throws UnknownSystem naming the known ones */
export function definitionOf(name: string): SystemDefinition {
  if (!Object.hasOwn(systems, name))
    throw new UnknownSystem(`unknown system '${name}'; known: ${systemNames.join(', ')}`)
  return systems[name as SystemName]
}
