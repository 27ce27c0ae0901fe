import type { ReadingSizes } from '../probes/reading-speed/measure'
import type { PresetName } from './presets'

/** A probe's sizes in each preset that asks it. */
type ByPreset<Sizes> = Partial<Record<PresetName, Sizes>>

/**
 * Which probes a preset asks, and in which sizes: a row for each probe, in the order of the report. `--only` asks a
 * probe of any row; where its preset doesn't ask it, in the sizes of the next larger that does.
 */
export const probeSizes = {
  'loss-by-index': { tiny: {}, quick: {}, default: {}, standard: {}, full: {} },
  training: { tiny: {}, quick: {}, default: {}, standard: {}, full: {} },
  'reading-speed': {
    tiny: { windows: 64, repeats: 1 },
    quick: { windows: 64, repeats: 1 },
    default: { windows: 128, repeats: 2 },
    standard: { windows: 256, repeats: 3 },
    full: { windows: 512, repeats: 3 },
  } satisfies ByPreset<ReadingSizes>,
  'training-step': { tiny: {}, quick: {}, default: {}, standard: {}, full: {} },
} satisfies Record<string, ByPreset<object>>
