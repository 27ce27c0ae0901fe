export { type ModelSize } from '@ttt-e2e/swa-transformer'
export { createSystem, patternLength, widthOf } from './create-system'
export { type Knob, type NamedDefinition, type SystemDefinition } from './definition'
export { definitionOf, systemNames, systems, UnknownSystem, type SystemName } from './systems'
