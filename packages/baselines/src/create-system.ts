import { SizeError, type Architecture, type ModelSize } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { buildSystem, type Blueprint } from './architecture/build-system'
import type { NamedDefinition } from './definition'
import { definitionOf } from './systems'
import { blueprintOf, layersOf, patternLength, widthOf } from './width'

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
  const { name, learns } = definition
  const width = widthOf(definition, size)
  const layers = layersOf(definition, size)
  const fewest = patternLength(definition, size)
  if (fewest > layers)
    throw new SizeError(`the pattern of '${name}' is ${fewest} layers long, the model has ${layers}`)
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
