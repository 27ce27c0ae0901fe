import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'

/** The configuration keys of the authors' code that a golden case holds. */
export interface E2eConfig {
  vocab_size: number
  hidden_size: number
  num_attention_heads: number
  num_hidden_layers: number
  suffix_len: number
  intermediate_size: number
  sliding_window_size: number | null
  mini_batch_size: number
  rope_theta: number
  rms_norm_eps: number
  prime: boolean
  bos_token_id: number
  seq_length: number
  global_batch_size: number
  train_mode: 'meta' | 'pretrain'
  ilr_init: number
  ilr_warmup_steps: number
  inner_lr: number | null
  inner_clip: number | null
  step_index: number | null
}

export function systemOf(config: E2eConfig): System {
  const decoder = createDecoder({
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    heads: config.num_attention_heads,
    intermediateSize: config.intermediate_size,
    mixers: Array.from({ length: config.num_hidden_layers }, () =>
      attentionMixer(config.sliding_window_size ?? 0),
    ),
    suffixBlocks: config.prime ? config.suffix_len : 0,
    ropeTheta: config.rope_theta,
    normEpsilon: config.rms_norm_eps,
  })
  const chunk = config.mini_batch_size
  return config.train_mode === 'meta'
    ? {
        name: 'golden',
        decoder,
        rule: { chunk, rate: config.inner_lr ?? 1, maxNorm: config.inner_clip ?? 1 },
      }
    : { name: 'golden', decoder, lossChunk: chunk }
}
