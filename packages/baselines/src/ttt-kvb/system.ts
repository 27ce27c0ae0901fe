import type { ModelSize } from '@ttt-e2e/swa-transformer'
import type { SystemDefinition } from '../definition'
import type { TttKvbOptions } from './mixer'

/** As LaCT is published: four heads of fast weights with initial weights of rank 32, a narrow model's of a quarter. */
const scaled = ({ hiddenSize, window, chunk }: ModelSize): TttKvbOptions => ({
  window,
  chunk,
  rank: Math.min(32, Math.max(1, Math.floor(hiddenSize / 16))),
})

export const tttKvb: SystemDefinition = {
  summary:
    'LaCT layers: window attention and SwiGLU fast weights that learn to map keys to values, side by side',
  pattern: (size) => [{ name: 'ttt-kvb', options: scaled(size) }],
  hiddenSizeStep: () => 4,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}
