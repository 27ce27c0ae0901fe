import type { MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'
import type { InPlaceTttOptions } from './mixer'

/** The published default. */
const rate = 0.3
/** Of so many layers the first one learns, as published. */
const every = 6

/**
 * Two blocks of one sublayer stand for each layer of the others, attention and its MLP, so that an MLP can be one that
 * learns. Trained from scratch it learns the embeddings, as published.
 */
export const inPlaceTtt: SystemDefinition = {
  summary: 'In-Place TTT: window attention; the down projection of every sixth MLP learns while reading',
  pattern: (size, width) =>
    Array.from({ length: Math.min(every, size.layers) }, (_, layer): MixerRecord[] => {
      const learning: InPlaceTttOptions = { width, chunk: size.chunk, rate, target: 'embedding' }
      const mlp = { name: 'mlp', options: { width } }
      return [attention(size.window), layer === 0 ? { name: 'in-place-ttt', options: learning } : mlp]
    }).flat(),
  layers: ({ layers }) => 2 * layers,
  knob: { of: 'mixers' },
}

export const tttE2eInPlaceTtt: SystemDefinition = {
  summary: "TTT-E2E's rule around In-Place TTT: prime MLPs learn beside it, meta-trained through its steps",
  pattern: (size: ModelSize) => {
    const width = 2 * size.hiddenSize
    const options: InPlaceTttOptions = { width, chunk: size.chunk, rate, target: 'hidden' }
    return [attention(size.window), { name: 'in-place-ttt', options }]
  },
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
