export { widthWithPrimes, type ModelSize } from './size'
export {
  createSystem,
  definitionOf,
  systemNames,
  systems,
  UnknownSystem,
  type SystemDefinition,
  type SystemName,
} from './systems'
