import type { ModelSize } from '@ttt-e2e/swa-transformer'
import { buildDecoder, type Blueprint } from './architecture/build-system'
import { fullAttention } from './attention/system'
import type { SystemDefinition } from './definition'

/** How many layers a size must have for the system's pattern: fewer than it is long, where the system makes more of each. */
export function patternLength(definition: SystemDefinition, size: ModelSize): number {
  const { length } = definition.pattern(size, widthOf(definition, size))
  return Math.ceil((length * size.layers) / layersOf(definition, size))
}

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
  buildDecoder(blueprintOf(definition, size, width), definition.mixers).parameterCount

const layersOf = ({ layers }: SystemDefinition, size: ModelSize): number => layers?.(size) ?? size.layers

/** How a system is built at a width; what it is called and how it learns is for `createSystem` to say. */
export function blueprintOf(definition: SystemDefinition, size: ModelSize, width: number): Blueprint {
  const { pattern, knob, primes, blocks } = definition
  return {
    system: '',
    vocabularySize: size.vocabularySize,
    hiddenSize: size.hiddenSize,
    heads: size.heads,
    layers: layersOf(definition, size),
    mixers: pattern(size, width),
    intermediateSize: knob.of === 'MLPs' ? width : 0,
    suffixBlocks: primes ? size.suffixBlocks : 0,
    rule: null,
    lossChunk: null,
    rope: { base: size.ropeTheta, scaling: null },
    normEpsilon: 1e-6,
    postNorms: true,
    preConv: 0,
    biases: false,
    untiedHead: false,
    ...blocks,
  }
}
