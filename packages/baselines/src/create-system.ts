import { createDecoder, SizeError, type ModelSize } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import type { NamedDefinition } from './definition'
import { definitionOf } from './systems'
import { configOf, layersOf, patternLength, widthOf } from './width'

/**
 * @param system a name from `systemNames`, or a definition of your own
 * @throws UnknownSystem
 * @throws SizeError if the pattern is longer than the layers or the sizes don't fit each other
 */
export function createSystem(system: string | NamedDefinition, size: ModelSize): System {
  const definition = typeof system === 'string' ? { ...definitionOf(system), name: system } : system
  const { name, learns } = definition
  const width = widthOf(definition, size)
  const layers = layersOf(definition, size)
  const fewest = patternLength(definition, size)
  if (fewest > layers)
    throw new SizeError(`the pattern of '${name}' is ${fewest} layers long, the model has ${layers}`)
  return {
    name,
    decoder: createDecoder(configOf(definition, size, width)),
    ...(learns
      ? { rule: { chunk: size.chunk, rate: size.innerRate, maxNorm: 1 } }
      : { lossChunk: size.chunk }),
  }
}
