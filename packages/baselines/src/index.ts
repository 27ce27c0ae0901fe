export { type ModelSize } from '@ttt-e2e/swa-transformer'
export {
  createSystem,
  definitionOf,
  systemNames,
  systems,
  UnknownSystem,
  type SystemDefinition,
  type SystemName,
} from './systems'
