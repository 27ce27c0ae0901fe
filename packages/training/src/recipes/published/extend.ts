import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { pretrain8k } from './pretrain'
import {
  extensionLearningRate,
  extensions,
  pretrainLength,
  publishedTraining,
  type PublishedSize,
} from './sizes'

export type Extension = keyof typeof extensions

/**
 * The second published stage (arXiv 2512.23675, released configurations), from the first one's weights (--from): 5 % of its
 * tokens in batches of twice as many, on long documents; a tenth of the steps of warm-up again. The inner rate needs none
 * any more.
 */
export function extend(size: PublishedSize, to: Extension): Recipe {
  const first = pretrain8k(size)
  const { batch, extensionSteps } = publishedTraining[size]
  const { length } = extensions[to]
  return {
    ...first,
    name: `${size}/extend-${to}`,
    summary: `the published extension to ${to.toUpperCase()}, from the first stage's weights (--from); for a large machine`,
    training: {
      ...first.training,
      length,
      batch: (2 * batch * pretrainLength) / length,
      optimizer: standardOptimizer({
        ...standardSchedule(extensionSteps, extensionLearningRate),
        innerWarmupSteps: 0,
      }),
    },
    evaluation: { ...first.evaluation, length: Math.max(first.evaluation.length, length), every: 20 },
  }
}
