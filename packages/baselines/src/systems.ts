import {
  attentionMixer,
  createDecoder,
  widthWithPrimes,
  type MixerKind,
  type ModelSize,
} from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'

/** How a system of the comparison is built, and what it is in a few words. */
export interface SystemDefinition {
  summary: string
  /** The pattern of mixers, repeated over the layers. */
  pattern: (size: ModelSize) => MixerKind[]
  /** Whether the last blocks have a prime MLP beside their own; every MLP is then narrower (the knob). */
  primes?: boolean
  /** Whether the prime MLPs learn while reading. */
  learns?: boolean
  /** The system whose trained weights this one reads with: it is not trained itself. */
  weightsOf?: string
}

const windowed = (size: ModelSize) => [attentionMixer(size.window)]
const full = () => [attentionMixer(0)]

export const systems = {
  'ttt-e2e': {
    summary: 'window attention; prime MLPs learn while reading, meta-trained to',
    pattern: windowed,
    primes: true,
    learns: true,
  },
  'full-attention': { summary: 'attention to everything read', pattern: full },
  swa: { summary: 'window attention in every layer', pattern: windowed },
  'ttt-static': {
    summary: "TTT-E2E's architecture, trained and read without learning",
    pattern: windowed,
    primes: true,
  },
  'ttt-off': {
    summary: "TTT-E2E's weights, learning switched off",
    pattern: windowed,
    primes: true,
    weightsOf: 'ttt-e2e',
  },
  'ttt-naive': {
    summary: "ttt-static's weights, learning switched on at test time only",
    pattern: windowed,
    primes: true,
    learns: true,
    weightsOf: 'ttt-static',
  },
} as const satisfies Record<string, SystemDefinition>

export type SystemName = keyof typeof systems

export const systemNames = Object.keys(systems) as SystemName[]

export class UnknownSystem extends Error {
  override name = 'UnknownSystem'
}

/** @throws UnknownSystem naming the known ones */
export function definitionOf(name: string): SystemDefinition {
  if (!Object.hasOwn(systems, name))
    throw new UnknownSystem(`unknown system '${name}'; known: ${systemNames.join(', ')}`)
  return systems[name as SystemName]
}

/**
 * @throws UnknownSystem
 * @throws if the pattern is longer than the layers or the sizes don't fit each other
 */
export function createSystem(name: string, size: ModelSize): System {
  const definition = definitionOf(name)
  const pattern = definition.pattern(size)
  if (pattern.length > size.layers)
    throw new Error(`the pattern of '${name}' is ${pattern.length} layers long, the model has ${size.layers}`)
  const decoder = createDecoder({
    vocabularySize: size.vocabularySize,
    hiddenSize: size.hiddenSize,
    heads: size.heads,
    intermediateSize: definition.primes ? widthWithPrimes(size) : size.intermediateSize,
    mixers: Array.from({ length: size.layers }, (_, i) => pattern[i % pattern.length]),
    suffixBlocks: definition.primes ? size.suffixBlocks : 0,
    ropeTheta: size.ropeTheta,
    normEpsilon: 1e-6,
  })
  return {
    name,
    decoder,
    ...(definition.learns
      ? { rule: { chunk: size.chunk, rate: size.innerRate, maxNorm: 1 } }
      : { lossChunk: size.chunk }),
  }
}
