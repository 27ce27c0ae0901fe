import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'

/** Five minutes on 2 cores with the native engine. */
export default {
  name: 'tiny/books',
  summary: 'bytes of Moby Dick and the State of the Union addresses; 5 minutes on 2 cores',
  system: 'ttt-e2e',
  size: {
    vocabularySize: 257,
    hiddenSize: 96,
    heads: 3,
    layers: 4,
    intermediateSize: 240,
    suffixBlocks: 1,
    window: 64,
    chunk: 32,
    innerRate: 1,
    ropeTheta: 500_000,
  },
  data: { kind: 'books', rows: 'windows' },
  training: {
    length: 1024,
    batch: 4,
    optimizer: standardOptimizer(standardSchedule(500, 3e-3)),
    seed: 1,
  },
  evaluation: { documents: 16, length: 4096, every: 125 },
} satisfies Recipe
