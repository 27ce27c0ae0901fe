import { createSystem, definitionOf, widthOf, type ModelSize } from '@ttt-e2e/baselines'
import { formatBytes, formatCount } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import { countFlops, countStateBytes } from '@ttt-e2e/ttt-inner'
import { longestPattern } from '../experiment/deep-enough'

/** Tokens read at which the bytes of state are given. */
const positions = { '8K': 8192, '128K': 131_072, '1M': 1_048_576 }

/** Tokens of the text whose operations are counted. */
const length = 8192

/** What each system takes at a size, counted from the shapes: nothing is made. */
export function systemsTable(names: readonly string[], sizeName: string, given: ModelSize): Table {
  const { layers } = longestPattern(names, given)
  const size = { ...given, layers: Math.max(given.layers, layers) }
  const embedding = size.vocabularySize * size.hiddenSize
  const parametersOf = (name: string) => createSystem(name, size).decoder.parameterCount - embedding
  const reference = parametersOf('full-attention')
  return {
    title: `${sizeName}: ${size.layers} layers of width ${size.hiddenSize}, window ${size.window}, chunk ${size.chunk}, vocabulary ${size.vocabularySize}`,
    columns: [
      'system',
      'knob',
      'parameters',
      'of full attention',
      ...Object.keys(positions).map((position) => `state at ${position}`),
      'reading',
      'decoding',
      'training',
    ],
    rows: names.map((name) => {
      const system = createSystem(name, size)
      const definition = definitionOf(name)
      const { reading, decoding, training } = countFlops(system, length)
      const parameters = parametersOf(name)
      return [
        name,
        `${definition.knob.of} ${widthOf(definition, size)}`,
        formatCount(parameters),
        `${((100 * parameters) / reference).toFixed(1)} %`,
        ...Object.values(positions).map((position) => formatBytes(countStateBytes(system, position))),
        ...[reading, decoding, training].map(formatCount),
      ]
    }),
    note:
      `embeddings not counted; the knob is the width that makes parameters equal; bytes of state hold the weights that ` +
      `learn while reading; floating-point operations per token, reading and training over a text of ${length} tokens, ` +
      `decoding after it`,
  }
}
