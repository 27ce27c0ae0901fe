import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { standardWarmStart } from '../warm-options'

/**
 * A pretrained transformer (--init-from) learns to learn while it reads the books: sequences of eight windows, the prime
 * MLPs of its last blocks and their norms alone, at rates below those of pretraining. The sizes are SmolLM2-135M's; another
 * model brings its own. The inner rate is to be swept: a pretrained model's scale isn't that of one trained this way.
 */
export default {
  name: 'pretrained/books',
  summary:
    'a pretrained model (--init-from) learns to learn on the books, its last blocks only; hours on 2 cores',
  system: 'ttt-e2e',
  size: {
    vocabularySize: 49_152,
    hiddenSize: 576,
    heads: 9,
    layers: 30,
    intermediateSize: 1536,
    suffixBlocks: 4,
    window: 256,
    chunk: 64,
    innerRate: 0.1,
    ropeTheta: 100_000,
  },
  warmStart: standardWarmStart,
  data: { kind: 'books', rows: 'windows', heldOutEvery: 3 },
  training: {
    length: 2048,
    batch: 2,
    microBatch: 1,
    trains: 'prime',
    optimizer: {
      ...standardOptimizer({ ...standardSchedule(300, 1e-4), warmupSteps: 15, innerWarmupSteps: 15 }),
      weightDecay: 0,
    },
    seed: 1,
  },
  evaluation: { documents: 2, length: 16_384, every: 1000 },
} satisfies Recipe
