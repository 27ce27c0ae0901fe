import { SizeError, type Architecture, type KeepFirst, type MixerRecord } from '@ttt-e2e/swa-transformer'

/** What a pretrained model can be built into; those that learn by themselves come with their own weights. */
export const warmSystems = ['ttt-e2e', 'ttt-static', 'swa', 'full-attention'] as const
export type WarmSystem = (typeof warmSystems)[number]

/** Where prime MLPs of a pretrained model come from. */
export interface WarmPrime {
  /**
   * `zero-output`: one more sublayer before the block's own MLP, whose w2 starts at 0. `split`: the last units of the
   * block's own MLP, on the same input.
   */
  from: 'zero-output' | 'split'
  /** Hidden width F′. */
  width: number
  /** What w1 and w3 of `zero-output` start as: the block's own first units, or drawn. */
  weights: 'own' | 'random'
}

export interface WarmStartOptions {
  system: WarmSystem
  suffixBlocks: number
  prime: WarmPrime
  window: number
  keepFirst: KeepFirst
  chunk: number
  innerRate: number
  innerDecay?: number
}

/**
 * What TTT-E2E around a pretrained transformer is: its attention in a window that keeps the first tokens (a layer whose own
 * window is narrower keeps that), prime MLPs in the last blocks, the rule. A model that has prime MLPs already keeps them:
 * then only window, chunk and rule are new.
 *
 * @throws SizeError for a model that can't be built into that
 */
export function warmArchitecture(pretrained: Architecture, options: WarmStartOptions): Architecture {
  const { system, chunk, window, keepFirst } = options
  const learns = system === 'ttt-e2e'
  const hasPrimes = learns || system === 'ttt-static'
  if (pretrained.suffixBlocks > 0 && !hasPrimes)
    throw new SizeError(`the model has prime MLPs, and '${system}' none; start from a model without`)
  const { prime: _prime, ...rest } = pretrained
  return {
    ...rest,
    system,
    mixers: pretrained.mixers.map((mixer) =>
      system === 'full-attention' ? mixer : inWindow(mixer, window, keepFirst),
    ),
    ...(hasPrimes && primesOf(pretrained, options)),
    rule: learns ? ruleOf(options) : null,
    lossChunk: learns ? null : chunk,
  }
}

function inWindow(mixer: MixerRecord, window: number, { count, positions }: KeepFirst): MixerRecord {
  if (mixer.name !== 'attention') return mixer
  const own = (mixer.options as { window: number }).window
  const narrower = own > 0 && (window === 0 || own < window) ? own : window
  const keeps = narrower > 0 && count > 0 && { keepFirst: count, keptPositions: positions }
  return { ...mixer, options: { ...mixer.options, window: narrower, ...keeps } }
}

function primesOf(
  pretrained: Architecture,
  { suffixBlocks, prime }: WarmStartOptions,
): Pick<Architecture, 'suffixBlocks' | 'prime'> {
  if (pretrained.suffixBlocks > 0)
    return {
      suffixBlocks: pretrained.suffixBlocks,
      ...(pretrained.prime && { prime: pretrained.prime }),
    }
  const { width, from, weights } = prime
  if (from === 'zero-output' && weights === 'own' && width > pretrained.intermediateSize)
    throw new SizeError(
      `primeWidth is ${width}; as copies of the first units of an MLP it can be at most ${pretrained.intermediateSize}, with random weights more`,
    )
  return { suffixBlocks, prime: { width, split: from === 'split' } }
}

const ruleOf = ({ chunk, innerRate, innerDecay }: WarmStartOptions): Architecture['rule'] => ({
  chunk,
  rate: innerRate,
  maxNorm: 1,
  ...(innerDecay !== undefined && { decay: innerDecay }),
})
