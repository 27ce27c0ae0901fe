import { z } from 'zod'
import type { LlamaSizes } from './sizes'
import type { RopeScaling } from '@ttt-e2e/kernels/ops'

const count = z.int().min(1).max(1e9)
const positive = z.number().positive()
const optional = <T extends z.ZodType>(type: T) => type.nullish()

/** What `rope_parameters` (transformers 5) and `rope_scaling` (before) can hold. */
const ropeSchema = z.looseObject({
  rope_theta: optional(positive),
  rope_type: optional(z.string()),
  type: optional(z.string()),
  factor: optional(z.number().min(1)),
  low_freq_factor: optional(positive),
  high_freq_factor: optional(positive),
  original_max_position_embeddings: optional(count),
  beta_fast: optional(positive),
  beta_slow: optional(positive),
  attention_factor: optional(positive),
  mscale: optional(z.number()),
  mscale_all_dim: optional(z.number()),
  truncate: optional(z.boolean()),
  partial_rotary_factor: optional(z.literal(1, { error: 'only whole heads can be rotated, 1' })),
})

/** What `model_type` may be. */
export const llamaTypes = ['llama', 'mistral', 'qwen2', 'qwen3'] as const

/** The keys of Hugging Face's config.json that say how a model of the Llama family computes; others are left alone. */
const configSchema = z.looseObject({
  model_type: z.enum(llamaTypes).optional(),
  vocab_size: count,
  hidden_size: count.max(65_536),
  intermediate_size: count,
  num_hidden_layers: count.max(1024),
  num_attention_heads: count.max(65_536),
  num_key_value_heads: optional(count),
  head_dim: optional(count.max(65_536).multipleOf(2)),
  hidden_act: optional(z.literal('silu', { error: "only 'silu' can be computed" })),
  rms_norm_eps: positive,
  tie_word_embeddings: optional(z.boolean()),
  attention_bias: optional(z.boolean()),
  mlp_bias: optional(z.boolean()),
  max_position_embeddings: optional(count),
  original_max_position_embeddings: optional(count),
  rope_theta: optional(positive),
  rope_scaling: optional(ropeSchema),
  rope_parameters: optional(ropeSchema),
  partial_rotary_factor: optional(z.literal(1, { error: 'only whole heads can be rotated, 1' })),
  sliding_window: optional(count),
  use_sliding_window: optional(z.boolean()),
  max_window_layers: optional(z.int().min(0)),
  layer_types: optional(z.array(z.enum(['sliding_attention', 'full_attention']))),
  quantization_config: z.null({ error: 'quantised weights of this kind cannot be read' }).optional(),
})

type Config = z.infer<typeof configSchema>

/** What transformers takes keys for that a configuration leaves out, where it isn't what no key means here. */
const leftOut: Readonly<Partial<Record<(typeof llamaTypes)[number], Partial<Config>>>> = {
  mistral: { num_key_value_heads: 8, sliding_window: 4096 },
  qwen2: { num_key_value_heads: 32, sliding_window: 4096, use_sliding_window: false },
  qwen3: { num_key_value_heads: 32, head_dim: 128, sliding_window: 4096, use_sliding_window: false },
}

/** A config.json in our terms; what it can't be is added to its problems. */
export const llamaConfig = configSchema.transform((given, context): LlamaSizes => {
  const config = { ...(given.model_type && leftOut[given.model_type]), ...given }
  const problem = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: path.split('.'), message })
  const heads = config.num_attention_heads
  const keyHeads = config.num_key_value_heads ?? heads
  const headWidth = config.head_dim ?? config.hidden_size / heads
  if (heads % keyHeads !== 0)
    problem('num_key_value_heads', `${keyHeads} can't be shared evenly by ${heads} heads`)
  if (!Number.isInteger(headWidth / 2))
    problem('hidden_size', `${config.hidden_size} isn't an even multiple of the ${heads} heads`)
  if (config.layer_types && config.layer_types.length !== config.num_hidden_layers)
    problem('layer_types', `it has ${config.layer_types.length} of ${config.num_hidden_layers} layers`)
  const type = config.model_type ?? (config.use_sliding_window == null ? 'llama' : 'qwen3')
  const all = config.attention_bias && type !== 'mistral' ? 'all' : undefined
  const attentionBiases = type === 'qwen2' ? 'inputs' : all
  return {
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    heads,
    keyHeads,
    headWidth,
    windows: windowsOf(config),
    qkNorm: type === 'qwen3',
    ...(attentionBiases && { attentionBiases }),
    mlpBiases: type === 'llama' && config.mlp_bias === true,
    rope: {
      base: ropeOf(config)?.rope_theta ?? config.rope_theta ?? 10_000,
      scaling: scalingOf(config, problem),
    },
    normEpsilon: config.rms_norm_eps,
    tied: config.tie_word_embeddings ?? false,
  }
})

/** Mistral's layers all have its window; Qwen's where they are told to, by layer or from a layer on. */
function windowsOf(config: Config): number[] {
  const { sliding_window: window, layer_types: types, num_hidden_layers: layers } = config
  const used = config.model_type !== 'llama' && config.use_sliding_window !== false
  const fromLayer = config.use_sliding_window === true ? (config.max_window_layers ?? 28) : 0
  return Array.from({ length: layers }, (_, layer) => {
    const slides = types ? types[layer] === 'sliding_attention' : layer >= fromLayer
    return used && slides ? (window ?? 0) : 0
  })
}

/** Where both are given, transformers takes the older key. */
const ropeKeyOf = (config: Config) => (config.rope_scaling ? 'rope_scaling' : 'rope_parameters')
const ropeOf = (config: Config) => config[ropeKeyOf(config)]

function scalingOf(config: Config, problem: (path: string, message: string) => void): RopeScaling | null {
  const where = ropeKeyOf(config)
  const rope = config[where]
  if (!rope) return null
  const type = rope.rope_type ?? rope.type ?? 'default'
  const need = (key: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
    const value = rope[key]
    if (value == null) problem(`${where}.${key}`, `it is missing, and RoPE of type ${type} needs it`)
    return value ?? 1
  }
  // One beside the other keys goes before the one among RoPE's.
  const originalLength =
    config.original_max_position_embeddings ??
    rope.original_max_position_embeddings ??
    config.max_position_embeddings ??
    0
  const needLength = () => {
    if (originalLength === 0)
      problem(`${where}.original_max_position_embeddings`, `it is missing, and RoPE of type ${type} needs it`)
    return originalLength
  }
  switch (type) {
    case 'default':
      return null
    case 'linear':
      return { type, factor: need('factor') }
    case 'llama3': {
      const [low, high] = [need('low_freq_factor'), need('high_freq_factor')]
      if (low >= high) problem(`${where}.low_freq_factor`, `${low} must be below high_freq_factor, ${high}`)
      return {
        type,
        factor: need('factor'),
        lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalLength: needLength(),
      }
    }
    case 'yarn': {
      const factor = need('factor')
      const [betaFast, betaSlow] = [rope.beta_fast ?? 32, rope.beta_slow ?? 1]
      if (betaFast < betaSlow)
        problem(`${where}.beta_fast`, `${betaFast} must not be below beta_slow, ${betaSlow}`)
      const magnitude = (by: number) => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1)
      const { mscale, mscale_all_dim: allDims } = rope
      const inferred = mscale && allDims ? magnitude(mscale) / magnitude(allDims) : magnitude(1)
      return {
        type,
        factor,
        originalLength: needLength(),
        betaFast,
        betaSlow,
        attentionFactor: rope.attention_factor ?? inferred,
        truncate: rope.truncate ?? true,
      }
    }
    default:
      problem(`${where}.rope_type`, `'${type}' is unknown; known: default, linear, llama3, yarn`)
      return null
  }
}
