import type { Architecture, AttentionOptions } from '@ttt-e2e/swa-transformer'
import { llamaConfig } from '../llama/config'
import { llamaModel } from '../llama/model'
import { huggingFaceNames } from '../llama/names'
import type { ShapedModel } from '../published-weights'

/** A Hugging Face configuration, and where each parameter goes. */
export interface HuggingFaceForm {
  config: Record<string, unknown>
  published: ShapedModel
}

/** What Hugging Face has for an architecture; or everything that it has no form for. */
export function huggingFaceFormOf(architecture: Architecture): HuggingFaceForm | string[] {
  const problems: string[] = []
  const { layers, mixers, suffixBlocks, rule, postNorms, preConv, intermediateSize } = architecture
  if (suffixBlocks > 0) problems.push('prime MLPs have no place in a Hugging Face model')
  if (rule) problems.push('weights that learn while they read have no place in a Hugging Face model')
  if (postNorms) problems.push('norms after sublayers have no place in a Llama')
  if (preConv > 0) problems.push('convolutions before attention have no place in a Llama')
  if (intermediateSize === 0) problems.push('a Llama has an MLP in every block')
  const others = new Set(mixers.map(({ name }) => name).filter((name) => name !== 'attention'))
  if (others.size > 0) problems.push(`layers of ${[...others].join(', ')} have no place in a Llama`)
  if (problems.length > 0) return problems
  const all = Array.from(
    { length: layers },
    (_, layer) => mixers[layer % mixers.length].options as AttentionOptions & { window: number },
  )
  const config = configOf(architecture, all)
  const published = llamaModel(llamaConfig.parse(config), huggingFaceNames, 'halves')
  // What it would be read as says whether all of it was said.
  return same(described(published.architecture), described(architecture))
    ? { config, published }
    : [
        'no model of Hugging Face has its layers: windows, first tokens kept, sinks, QK norm and biases as together here',
      ]
}

function configOf(architecture: Architecture, all: readonly (AttentionOptions & { window: number })[]) {
  const [{ window, qkNorm = true, keyHeads, headWidth, biases }] = all
  const windowed = all.find((options) => options.window > 0)?.window
  const type = qkNorm ? 'qwen3' : biases === 'inputs' ? 'qwen2' : windowed === undefined ? 'llama' : 'mistral'
  const className = { qwen3: 'Qwen3', qwen2: 'Qwen2', llama: 'Llama', mistral: 'Mistral' }[type]
  const { heads, hiddenSize, rope } = architecture
  return {
    architectures: [`${className}ForCausalLM`],
    model_type: type,
    vocab_size: architecture.vocabularySize,
    hidden_size: hiddenSize,
    intermediate_size: architecture.intermediateSize,
    num_hidden_layers: architecture.layers,
    num_attention_heads: heads,
    num_key_value_heads: keyHeads ?? heads,
    head_dim: headWidth ?? hiddenSize / heads,
    hidden_act: 'silu',
    rms_norm_eps: architecture.normEpsilon,
    tie_word_embeddings: !architecture.untiedHead,
    attention_bias: biases === 'all',
    ...(type === 'llama' && { mlp_bias: architecture.biases }),
    ...(type === 'mistral' && { sliding_window: window }),
    ...(type.startsWith('qwen') && {
      use_sliding_window: windowed !== undefined,
      sliding_window: windowed ?? null,
      layer_types: all.map((each) => (each.window > 0 ? 'sliding_attention' : 'full_attention')),
    }),
    // As transformers 5 has it, and as those before.
    rope_parameters: { rope_theta: rope.base, ...ropeOf(architecture) },
    rope_theta: rope.base,
    rope_scaling: rope.scaling && ropeOf(architecture),
    torch_dtype: 'float32',
  }
}

function ropeOf({ rope: { scaling } }: Architecture): Record<string, unknown> {
  switch (scaling?.type) {
    case undefined:
      return { rope_type: 'default' }
    case 'linear':
      return { rope_type: 'linear', factor: scaling.factor }
    case 'llama3':
      return {
        rope_type: 'llama3',
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalLength,
      }
    case 'yarn':
      return {
        rope_type: 'yarn',
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalLength,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      }
  }
}

/** All that computes, each default said. */
function described(architecture: Architecture) {
  const { mixers, ...rest } = { ...architecture, system: null, lossChunk: null }
  const { heads, hiddenSize, layers } = rest
  const all = Array.from({ length: layers }, (_each, layer) => {
    const {
      window,
      qkNorm = true,
      keyHeads = heads,
      headWidth = hiddenSize / heads,
      biases = null,
      sinks = false,
      rope = true,
      keepFirst = 0,
    } = mixers[layer % mixers.length].options as AttentionOptions & { window: number }
    return [window, qkNorm, keyHeads, headWidth, biases, sinks, rope, keepFirst]
  })
  return [Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)), all]
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
