import type { LatencySizes } from '../probes/latency/measure'
import type { ContextSizes } from '../probes/loss-vs-context/measure'
import type { CostSizes } from '../probes/training-cost/measure'
import type { AblationsSizes } from '../probes/ablations/measure'
import type { ControlsSizes } from '../probes/controls/measure'
import type { DecodeSizes } from '../probes/decode/measure'
import type { NeedleSizes } from '../probes/needle/sizes'
import type { NotepadSizes } from '../probes/notepad-and-brain/measure'
import type { ScalingSizes } from '../probes/scaling/measure'
import type { ToySizes } from '../probes/toy/measure'
import type { TwoStageSizes } from '../probes/two-stage/measure'
import type { RemainsSizes } from '../probes/what-remains/measure'
import type { PresetName } from './presets'

/** A probe's sizes in each preset that asks it. */
type ByPreset<Sizes> = Partial<Record<PresetName, Sizes>>

/** Asked by every preset, without sizes of its own: it reads what is read anyway. */
const always = { tiny: {}, quick: {}, default: {}, standard: {}, full: {} }

/**
 * Which probes a preset asks, and in which sizes: a row for each probe, in the order of the report. `--only` asks a
 * probe of any row; where its preset doesn't ask it, in the sizes of the next larger that does.
 */
export const probeSizes = {
  'loss-vs-context': {
    tiny: { extensionSteps: 0 },
    quick: { extensionSteps: 0 },
    default: { extensionSteps: 0 },
    standard: { extensionSteps: 60 },
    full: { extensionSteps: 500 },
  } satisfies ByPreset<ContextSizes>,
  'loss-by-index': always,
  'loss-in-chunk': always,
  'early-late': always,
  latency: {
    tiny: { windows: 32, repeats: 1 },
    quick: { windows: 64, repeats: 2 },
    default: { windows: 128, repeats: 2 },
    standard: { windows: 256, repeats: 3 },
    full: { windows: 512, repeats: 5 },
  } satisfies ByPreset<LatencySizes>,
  'training-cost': {
    tiny: { tokens: 64, windows: 4, repeats: 1 },
    quick: { tokens: 512, windows: 16, repeats: 2 },
    default: { tokens: 1024, windows: 16, repeats: 3 },
    standard: { tokens: 4096, windows: 64, repeats: 5 },
    full: { tokens: 8192, windows: 256, repeats: 5 },
  } satisfies ByPreset<CostSizes>,
  training: always,
  'training-step': always,
  controls: {
    default: { documents: 8, rates: [0.1, 0.3, 1, 3], texts: 2, trainingLengths: 16 },
    standard: { documents: 16, rates: [0.01, 0.03, 0.1, 0.3, 1, 3], texts: 4, trainingLengths: 128 },
    full: { documents: 64, rates: [0.01, 0.03, 0.1, 0.3, 1, 3, 10], texts: 8, trainingLengths: 1024 },
  } satisfies ByPreset<ControlsSizes>,
  ablations: {
    standard: { batch: 4, steps: 400, documents: 16 },
    full: { batch: 16, steps: 3000, documents: 64 },
  } satisfies ByPreset<AblationsSizes>,
  toy: {
    standard: { hiddenSize: 64, batch: 8, steps: 400, documents: 64 },
    full: { hiddenSize: 128, batch: 16, steps: 3000, documents: 128 },
  } satisfies ByPreset<ToySizes>,
  needle: {
    standard: {
      hiddenSize: 64,
      length: 256,
      batch: 16,
      steps: 1500,
      multiples: [1, 2, 4, 8, 16],
      documents: 32,
    },
    full: {
      hiddenSize: 64,
      length: 256,
      batch: 16,
      steps: 5000,
      multiples: [1, 2, 4, 8, 16],
      documents: 128,
    },
  } satisfies ByPreset<NeedleSizes>,
  'what-remains': {
    standard: { documents: 16, passages: 4, statements: 6 },
    full: { documents: 32, passages: 4, statements: 12 },
  } satisfies ByPreset<RemainsSizes>,
  'notepad-and-brain': {
    default: { documents: 4, trainingLengths: 2, details: 4, pieces: 4 },
    standard: { documents: 16, trainingLengths: 8, details: 8, pieces: 16 },
    full: { documents: 32, trainingLengths: 16, details: 16, pieces: 32 },
  } satisfies ByPreset<NotepadSizes>,
  decode: {
    standard: { documents: 16, prompt: 512, generated: 256, judged: 4_000_000 },
    full: { documents: 64, prompt: 1024, generated: 1024, judged: 8_000_000 },
  } satisfies ByPreset<DecodeSizes>,
  'two-stage': {
    standard: { batch: 4, steps: 600, extension: 60, shorter: 4, documents: 16 },
    full: { batch: 16, steps: 3000, extension: 300, shorter: 4, documents: 64 },
  } satisfies ByPreset<TwoStageSizes>,
  scaling: {
    standard: { hiddenSizes: [32, 64], steps: [150, 300, 600], batch: 4, documents: 32 },
    full: { hiddenSizes: [32, 64, 128], steps: [1000, 2000, 4000], batch: 16, documents: 64 },
  } satisfies ByPreset<ScalingSizes>,
} satisfies Record<string, ByPreset<object>>
