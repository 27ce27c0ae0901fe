import { attentionMixer, type ModelSize } from '@ttt-e2e/swa-transformer'
import type { Knob, SystemDefinition } from '../definition'

/** What every other system's width is set against. */
const knob: Knob = { of: 'MLPs', width: ({ intermediateSize }) => intermediateSize }

export const windowed = (size: ModelSize) => [attentionMixer(size.window)]

export const fullAttention: SystemDefinition = {
  summary: 'attention to everything read',
  pattern: () => [attentionMixer(0)],
  knob,
}

export const slidingWindow: SystemDefinition = {
  summary: 'window attention in every layer',
  pattern: windowed,
  knob,
}

export const hybrid: SystemDefinition = {
  summary: 'five layers of window attention, then one of full attention',
  pattern: (size) => [...Array.from({ length: 5 }, () => attentionMixer(size.window)), attentionMixer(0)],
  knob,
}
