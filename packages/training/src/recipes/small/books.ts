import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import tiny from '../tiny/books'

/** As tiny/books with three times the parameters, on four times the text. */
export default {
  ...tiny,
  name: 'small/books',
  summary: 'as tiny/books, larger and on more text; about an hour on 2 cores',
  size: { ...tiny.size, hiddenSize: 128, heads: 4, layers: 6, intermediateSize: 336, suffixBlocks: 2 },
  training: {
    ...tiny.training,
    length: 2048,
    optimizer: standardOptimizer(standardSchedule(1000, 2e-3)),
  },
  evaluation: { documents: 16, length: 8192, every: 125 },
} satisfies Recipe
