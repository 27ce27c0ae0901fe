import { createSystem } from '@ttt-e2e/baselines'
import { createDecoder } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'
import { speedSizes, type SpeedSize, type SpeedSizeName } from './sizes'

/** A system at a size whose speed is measured. @throws UnknownSystem or SizeError */
export function createSpeedSystem(name: string, sizeName: SpeedSizeName): System {
  const { model, widthWithPrimes }: SpeedSize = speedSizes[sizeName]
  const system = createSystem(name, model)
  const { config } = system.decoder
  if (config.suffixBlocks === 0 || widthWithPrimes === undefined) return system
  return { ...system, decoder: createDecoder({ ...config, intermediateSize: widthWithPrimes }) }
}
