import { checkSizes, SizeError, type Architecture, type ModelSize } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { buildSystem, type Blueprint } from './architecture/build-system'
import type { NamedDefinition } from './definition'
import { definitionOf } from './systems'
import { blueprintOf, patternLength, widthOf } from './width'

/**
 * @param system a name from `systemNames`, or a definition of your own
 * @throws UnknownSystem
 * @throws SizeError if the pattern is longer than the layers or the sizes don't fit each other
 */
export function createSystem(system: string | NamedDefinition, size: ModelSize): System {
  const definition = named(system)
  return buildSystem(checkedBlueprint(definition, size), definition.mixers)
}

/**
 * What `createSystem` would build, as a record.
 *
 * @throws as `createSystem`; SizeError too for a mixer without a name
 */
export function architectureOf(system: string | NamedDefinition, size: ModelSize): Architecture {
  const { architecture, name } = createSystem(system, size)
  if (architecture) return architecture
  throw new SizeError(`a mixer of '${name}' has no name; register it as one of the definition's \`mixers\``)
}

const named = (system: string | NamedDefinition): NamedDefinition =>
  typeof system === 'string' ? { ...definitionOf(system), name: system } : system

function checkedBlueprint(definition: NamedDefinition, size: ModelSize): Blueprint {
  checkSize(definition, size)
  const { name, learns } = definition
  const width = widthOf(definition, size)
  const fewest = patternLength(definition, size)
  if (fewest > size.layers)
    throw new SizeError(`the pattern of '${name}' is ${fewest} layers long, the model has ${size.layers}`)
  return {
    ...blueprintOf(definition, size, width),
    system: name,
    ...(learns ? { rule: ruleOf(size), lossChunk: null } : { rule: null, lossChunk: size.chunk }),
  }
}

const ruleOf = ({ chunk, innerRate, innerDecay }: ModelSize): Architecture['rule'] => ({
  chunk,
  rate: innerRate,
  maxNorm: 1,
  ...(innerDecay !== undefined && { decay: innerDecay }),
})

const sizeNames = [
  'vocabularySize',
  'hiddenSize',
  'heads',
  'layers',
  'intermediateSize',
  'suffixBlocks',
  'window',
  'chunk',
  'innerRate',
  'ropeTheta',
] as const satisfies (keyof ModelSize)[]

/** In the words of the fields that were given, before any width is made of them. */
function checkSize({ name, primes, learns, hiddenSizeStep }: NamedDefinition, size: ModelSize): void {
  checkSizes(Object.fromEntries(sizeNames.map((each) => [each, size[each]])), ['intermediateSize'])
  if (size.innerDecay !== undefined) checkSizes({ innerDecay: size.innerDecay })
  const { hiddenSize, layers, suffixBlocks } = size
  if (primes && suffixBlocks > layers)
    throw new SizeError(`suffixBlocks is ${suffixBlocks}; it must be at most layers, ${layers}`)
  if (learns && suffixBlocks === 0)
    throw new SizeError(
      `suffixBlocks is 0, but '${name}' learns in its last blocks; it must be a whole number from 1 to layers, ${layers}`,
    )
  const step = hiddenSizeStep?.(size) ?? 1
  if (hiddenSize % step !== 0)
    throw new SizeError(`hiddenSize is ${hiddenSize}; for '${name}' it must be a multiple of ${step}`)
}
