import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { pretrainLength, publishedTraining, type PublishedSize } from './sizes'

/**
 * The first published stage (arXiv 2512.23675, table 3) in sequences of 8K: AdamW with β 0.9 and 0.95, weight decay 0.1,
 * the norm clipped at 1; a tenth of the steps of linear warm-up, a cosine to 1e-5; the inner rate from 0.1 of its value over
 * the same tenth (`standardOptimizer`, `standardSchedule`). Published with the Llama 3 tokenizer on DCLM; here on bytes of
 * a text of yours (--data), in the same vocabulary, so that sizes and FLOPs are the published ones.
 */
export function pretrain8k(name: PublishedSize): Recipe {
  const { steps, batch, peakLearningRate } = publishedTraining[name]
  return {
    name: `${name}/pretrain-8k`,
    summary: `the published ${name.toUpperCase()} model at 8K, on your own text (--data); for a large machine`,
    system: 'ttt-e2e',
    size: publishedSizes[name],
    data: { kind: 'text', path: '', rows: 'windows' },
    training: {
      length: pretrainLength,
      batch,
      optimizer: standardOptimizer(standardSchedule(steps, peakLearningRate)),
      seed: 0,
    },
    evaluation: { documents: 32, length: 32_768, every: 200 },
  }
}
