import type { Architecture } from '@ttt-e2e/swa-transformer'
import { z } from 'zod'

const count = z.int().min(1).max(1e9)

const absent = (name: string, only: unknown) =>
  z
    .literal(only as never, {
      error: `${name} must be ${JSON.stringify(only)}, which is what can be computed`,
    })
    .optional()

/** The authors' configuration, by their own names, as JSON: what a checkpoint doesn't say. Other keys may stand in it. */
const schema = z.object({
  vocab_size: count,
  hidden_size: count.max(65_536),
  num_attention_heads: count,
  num_hidden_layers: count.max(1024),
  suffix_len: z.int().min(0).max(1024),
  intermediate_size: count,
  /** null for none. */
  sliding_window_size: count.nullable(),
  mini_batch_size: count,
  rope_theta: z.number().positive(),
  rms_norm_eps: z.number().positive(),
  prime: z.boolean(),
  /** `meta` learns while it reads, `pretrain` does not. */
  train_mode: z.enum(['meta', 'pretrain']),
  /** 1 where they are null. */
  inner_lr: z.number().nullable(),
  inner_clip: z.number().positive().nullable(),
  qk_norm: absent('qk_norm', true),
  pre_norm: absent('pre_norm', true),
  post_norm: absent('post_norm', true),
  tie_word_embeddings: absent('tie_word_embeddings', true),
})

/** The architecture that a configuration of the authors says; or everything that is wrong with it. */
export function architectureOfConfig(json: unknown): Architecture | z.ZodError {
  const parsed = schema.safeParse(json)
  if (!parsed.success) return parsed.error
  const config = parsed.data
  const learns = config.train_mode === 'meta'
  const window = config.sliding_window_size ?? 0
  return {
    system: learns ? 'ttt-e2e' : window > 0 ? 'swa' : 'full-attention',
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    heads: config.num_attention_heads,
    layers: config.num_hidden_layers,
    mixers: [{ name: 'attention', options: { window } }],
    intermediateSize: config.intermediate_size,
    suffixBlocks: config.prime ? config.suffix_len : 0,
    rule: learns
      ? { chunk: config.mini_batch_size, rate: config.inner_lr ?? 1, maxNorm: config.inner_clip ?? 1 }
      : null,
    lossChunk: learns ? null : config.mini_batch_size,
    rope: { base: config.rope_theta, scaling: null },
    normEpsilon: config.rms_norm_eps,
    postNorms: true,
    preConv: 0,
    biases: false,
    untiedHead: false,
  }
}
