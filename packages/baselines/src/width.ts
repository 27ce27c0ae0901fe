import { createDecoder, type DecoderConfig, type ModelSize } from '@ttt-e2e/swa-transformer'
import { fullAttention } from './attention/system'
import type { SystemDefinition } from './definition'

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

/** The system's parameters as a share of full attention's, embeddings left out. */
export function parameterShare(definition: SystemDefinition, size: ModelSize, width: number): number {
  const embedding = size.vocabularySize * size.hiddenSize
  const own = parameterCount(definition, size, width) - embedding
  return own / (parameterCount(fullAttention, size, size.intermediateSize) - embedding)
}

const parameterCount = (definition: SystemDefinition, size: ModelSize, width: number): number =>
  createDecoder(configOf(definition, size, width)).parameterCount

export const layersOf = ({ layers }: SystemDefinition, size: ModelSize): number =>
  layers?.(size) ?? size.layers

export function configOf(definition: SystemDefinition, size: ModelSize, width: number): DecoderConfig {
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
