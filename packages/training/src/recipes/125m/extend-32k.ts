import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import pretrain from './pretrain-8k'

/**
 * The second published stage: 5 % of the tokens of the first, in sequences of 32K and batches of twice the tokens, from
 * the first one's weights (--from). The inner rate needs no warm-up any more.
 */
export default {
  ...pretrain,
  name: '125m/extend-32k',
  summary: "the published extension to 32K, from the first stage's weights (--from); for a large machine",
  training: {
    ...pretrain.training,
    length: 32_768,
    batch: 32,
    optimizer: standardOptimizer({ ...standardSchedule(120, 4e-4), innerWarmupSteps: 0 }),
  },
  evaluation: { ...pretrain.evaluation, every: 20 },
} satisfies Recipe
