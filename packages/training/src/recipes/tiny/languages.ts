import { standardCurriculum, standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'

/** A new bigram language in every document: only what was read in it tells what comes next. */
export default {
  name: 'tiny/languages',
  summary: 'bigram languages of 16 symbols, a new one in every document; 3 minutes on 2 cores',
  system: 'ttt-e2e',
  size: {
    vocabularySize: 16,
    hiddenSize: 64,
    heads: 2,
    layers: 4,
    intermediateSize: 160,
    suffixBlocks: 1,
    window: 8,
    chunk: 8,
    innerRate: 1,
    ropeTheta: 500_000,
  },
  data: { kind: 'languages', successors: 2 },
  training: {
    length: 256,
    batch: 16,
    // Full attention finds what comes a second time in few symbols first: from the full length on it takes many times as long.
    curriculum: standardCurriculum(350, 16),
    optimizer: standardOptimizer(standardSchedule(350, 3e-3)),
    seed: 1,
  },
  evaluation: { documents: 32, length: 1024, every: 100 },
} satisfies Recipe
