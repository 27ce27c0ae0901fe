import {
  checkSizes,
  createDecoder,
  SizeError,
  type Architecture,
  type Decoder,
  type MixerKind,
  type MixerRecord,
} from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { mixers, type Mixers } from '../mixers'

/** An architecture with mixers that may have no name: a system of them can be built and trained, but not be saved. */
export type Blueprint = Omit<Architecture, 'mixers'> & { mixers: readonly (MixerRecord | MixerKind)[] }

/**
 * The model that an architecture describes.
 *
 * @param more mixers from outside, by name; they go before those of the registry
 * @throws SizeError for an unknown mixer, options that it can't have, or sizes that don't fit each other
 */
export function buildSystem(blueprint: Blueprint, more?: Mixers): System {
  const { system: name, rule, lossChunk, suffixBlocks } = blueprint
  if (rule)
    checkSizes({ chunk: rule.chunk, innerRate: rule.rate, maxNorm: rule.maxNorm, decay: rule.decay ?? 0 })
  if (rule && suffixBlocks === 0)
    throw new SizeError(
      `suffixBlocks is 0, but '${name}' learns in the prime MLPs of its last blocks; it must be a whole number from 1 on`,
    )
  if (lossChunk !== null) checkSizes({ lossChunk })
  return {
    name,
    decoder: buildDecoder(blueprint, more),
    ...(rule && { rule }),
    ...(lossChunk !== null && { lossChunk }),
    ...(hasNames(blueprint) && { architecture: blueprint }),
  }
}

/** The decoder alone. @throws SizeError as `buildSystem` */
export function buildDecoder(blueprint: Blueprint, more: Mixers = {}): Decoder {
  const { layers, mixers: pattern, rope, vocabularySize, hiddenSize, heads, intermediateSize } = blueprint
  const { suffixBlocks, prime, normEpsilon, postNorms, preConv, biases, untiedHead } = blueprint
  checkSizes({ ...blueprint, ropeTheta: rope.base, lossChunk: 1 })
  const known = { ...mixers, ...more }
  const kinds = pattern.map((each) => (typeof each === 'function' ? each : kindOf(each, known)))
  return createDecoder({
    vocabularySize,
    hiddenSize,
    heads,
    intermediateSize,
    mixers: Array.from({ length: layers }, (_, i) => kinds[i % kinds.length]),
    suffixBlocks,
    ...(prime && { prime }),
    ropeTheta: rope.base,
    ropeScaling: rope.scaling,
    normEpsilon,
    postNorms,
    preConv,
    biases,
    untiedHead,
  })
}

function kindOf({ name, options = {} }: MixerRecord, known: Mixers): MixerKind {
  if (!Object.hasOwn(known, name))
    throw new SizeError(`unknown mixer '${name}'; known: ${Object.keys(known).join(', ')}`)
  return known[name](options)
}

const hasNames = (blueprint: Blueprint): blueprint is Architecture =>
  blueprint.mixers.every((mixer) => typeof mixer !== 'function')
