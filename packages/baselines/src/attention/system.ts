import type { MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import type { Knob, SystemDefinition } from '../definition'

/** What every other system's width is set against. */
const knob: Knob = { of: 'MLPs', width: ({ intermediateSize }) => intermediateSize }

/** Attention in a window; 0 for none. */
export const attention = (window: number): MixerRecord => ({ name: 'attention', options: { window } })

export const windowed = (size: ModelSize): MixerRecord[] => [attention(size.window)]

export const fullAttention: SystemDefinition = {
  summary: 'attention to everything read',
  pattern: () => [attention(0)],
  knob,
}

export const slidingWindow: SystemDefinition = {
  summary: 'window attention in every layer',
  pattern: windowed,
  knob,
}

/** Attention in a window, or to everything for 0, whose heads each have a sink. */
const withSinks = (window: number): MixerRecord => ({ name: 'attention', options: { window, sinks: true } })

export const slidingWindowSinks: SystemDefinition = {
  summary: 'window attention with a learned sink per head: somewhere to put no attention',
  pattern: (size) => [withSinks(size.window)],
  knob,
}

export const hybridSinks: SystemDefinition = {
  summary: 'five layers of window attention, then one of full attention, all with sinks',
  pattern: (size) => [...Array.from({ length: 5 }, () => withSinks(size.window)), withSinks(0)],
  knob,
}

export const hybrid: SystemDefinition = {
  summary: 'five layers of window attention, then one of full attention',
  pattern: (size) => [...Array.from({ length: 5 }, () => attention(size.window)), attention(0)],
  knob,
}
