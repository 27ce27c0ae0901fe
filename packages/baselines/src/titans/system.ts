import type { SystemDefinition } from '../definition'
import type { TitansOptions } from './mixer'

export const titans: SystemDefinition = {
  summary: "Titans' neural long-term memory as a gate on window attention (MAG)",
  // With few heads the memories would leave no room for MLPs.
  pattern: ({ window, chunk, heads }) => {
    const options: TitansOptions = { window, chunk, expansion: Math.min(4, heads) }
    return [{ name: 'titans', options }]
  },
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}
