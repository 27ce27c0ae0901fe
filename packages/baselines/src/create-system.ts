import { createDecoder, type DecoderConfig, type ModelSize } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { fullAttention } from './attention/system'
import type { NamedDefinition, SystemDefinition } from './definition'
import { definitionOf } from './systems'

/**
 * @param system a name from `systemNames`, or a definition of your own
 * @throws UnknownSystem
 * @throws if the pattern is longer than the layers or the sizes don't fit each other
 */
export function createSystem(system: string | NamedDefinition, size: ModelSize): System {
  const definition = typeof system === 'string' ? { ...definitionOf(system), name: system } : system
  const { name, learns } = definition
  const width = widthOf(definition, size)
  const layers = layersOf(definition, size)
  const fewest = patternLength(definition, size)
  if (fewest > layers)
    throw new Error(`the pattern of '${name}' is ${fewest} layers long, the model has ${layers}`)
  return {
    name,
    decoder: createDecoder(configOf(definition, size, width)),
    ...(learns
      ? { rule: { chunk: size.chunk, rate: size.innerRate, maxNorm: 1 } }
      : { lossChunk: size.chunk }),
  }
}

/** How many layers the system's pattern takes: a model needs as many. */
export const patternLength = (definition: SystemDefinition, size: ModelSize): number =>
  definition.pattern(size, widthOf(definition, size)).length

/** The knob's value: the width with which the system has as many parameters as full attention. */
export function widthOf(definition: SystemDefinition, size: ModelSize): number {
  return definition.knob.width?.(size) ?? equalWidth(definition, size, stepOf(size))
}

/** The power of two up to 16 that widths are multiples of: small enough for counts to agree within 1 %. */
const stepOf = ({ hiddenSize }: ModelSize): number =>
  Math.min(16, 2 ** Math.max(0, Math.floor(Math.log2(hiddenSize / 16))))

/** The multiple of `step` whose count of parameters, which grows linearly, comes closest to full attention's. */
export function equalWidth(definition: SystemDefinition, size: ModelSize, step: number): number {
  const [one, two] = [step, 2 * step].map((width) => parameterCount(definition, size, width))
  const target = parameterCount(fullAttention, size, size.intermediateSize)
  return step * Math.max(1, 1 + Math.round((target - one) / (two - one)))
}

export const parameterCount = (definition: SystemDefinition, size: ModelSize, width: number): number =>
  createDecoder(configOf(definition, size, width)).parameterCount

const layersOf = ({ layers }: SystemDefinition, size: ModelSize): number => layers?.(size) ?? size.layers

function configOf(definition: SystemDefinition, size: ModelSize, width: number): DecoderConfig {
  const { pattern, knob, primes, blocks } = definition
  const mixers = pattern(size, width)
  return {
    vocabularySize: size.vocabularySize,
    hiddenSize: size.hiddenSize,
    heads: size.heads,
    intermediateSize: knob.of === 'MLPs' ? width : 0,
    mixers: Array.from({ length: layersOf(definition, size) }, (_, i) => mixers[i % mixers.length]),
    suffixBlocks: primes ? size.suffixBlocks : 0,
    ropeTheta: size.ropeTheta,
    normEpsilon: 1e-6,
    ...blocks,
  }
}
