import { z } from 'zod'
import { gatedDeltanet } from '../gated-deltanet/names'
import { mamba2 } from '../mamba2/names'
import type { ModelFamily } from '../published-model'
import { ttt } from '../ttt/names'

const count = z.int().min(1).max(1e9)
const width = count.max(65_536)
const layers = count.max(1024)
const positive = z.number().positive()

/** A key that changes what is computed: only this value can be, which is also what it is where it is left out. */
const only = <T extends string | boolean | null>(value: T) =>
  z.literal(value, { error: `only ${JSON.stringify(value)} can be computed` }).nullish()

/** As transformers 5 writes what JSON has no number for. */
const writtenInfinity = z.object({ __float__: z.literal('Infinity') }).transform(() => Infinity)

/** No step of float32 is larger, and where nothing is smaller either there is no limit. */
const finiteLimit = (limit?: readonly [number, number]): [number, number] | undefined =>
  limit === undefined || (limit[0] === 0 && limit[1] === Infinity)
    ? undefined
    : [limit[0], Math.min(limit[1], 3.4e38)]

/** Families beside Llama's by `model_type`, with the keys of their configurations that say how a model computes. */
export const families: Readonly<
  Record<string, { family: ModelFamily; config: z.ZodType<Record<string, unknown>> }>
> = {
  mamba2: {
    family: mamba2,
    config: z.looseObject({
      vocab_size: count,
      hidden_size: width,
      num_hidden_layers: layers,
      num_heads: width,
      head_dim: width,
      state_size: width,
      n_groups: width,
      conv_kernel: z.int().min(1).max(64),
      layer_norm_epsilon: positive,
      tie_word_embeddings: z.boolean().default(false),
      time_step_limit: z
        .tuple([z.number(), z.number().or(z.literal(Infinity)).or(writtenInfinity)])
        .optional()
        .transform((limit) => finiteLimit(limit)),
      hidden_act: only('silu'),
      use_bias: only(false),
      use_conv_bias: only(true),
      rms_norm: only(true),
    }),
  },
  gated_deltanet: {
    family: gatedDeltanet,
    config: z.looseObject({
      vocab_size: count,
      hidden_size: width,
      intermediate_size: width,
      num_hidden_layers: layers,
      num_heads: width,
      num_v_heads: width.nullish().transform((given) => given ?? undefined),
      head_dim: width,
      expand_v: positive,
      conv_size: z.int().min(1).max(64),
      norm_eps: positive,
      allow_neg_eigval: z.boolean().default(false),
      tie_word_embeddings: z.boolean().default(false),
      hidden_act: only('swish'),
      use_gate: only(true),
      use_short_conv: only(true),
      attn: only(null),
    }),
  },
  ttt: {
    family: ttt,
    config: z.looseObject({
      vocab_size: count,
      hidden_size: width,
      intermediate_size: width,
      num_hidden_layers: layers,
      num_attention_heads: width,
      mini_batch_size: width,
      rope_theta: positive,
      rms_norm_eps: positive,
      ttt_layer_type: z.enum(['linear', 'mlp']),
      ttt_base_lr: positive,
      pre_conv: z.boolean(),
      use_gate: z.boolean(),
      share_qk: z.boolean(),
      conv_kernel: z.int().min(1).max(64),
      tie_word_embeddings: z.boolean(),
      hidden_act: only('silu'),
    }),
  },
}
