import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { publishedSizes } from '@ttt-e2e/swa-transformer'

/**
 * The first published stage (arXiv 2512.23675, table 3): 2.5 billion tokens in sequences of 8K. Published with the
 * Llama 3 tokenizer on DCLM; here on bytes of a text of yours (--data), in the same vocabulary, so that sizes and FLOPs
 * are the published ones.
 */
export default {
  name: '125m/pretrain-8k',
  summary: 'the published 125M model at 8K, on your own text (--data); for a large machine',
  system: 'ttt-e2e',
  size: publishedSizes['125m'],
  data: { kind: 'text', path: '', rows: 'windows' },
  training: {
    length: 8192,
    batch: 64,
    optimizer: standardOptimizer(standardSchedule(4800, 3e-3)),
    seed: 0,
  },
  evaluation: { documents: 32, length: 32_768, every: 200 },
} satisfies Recipe
