import type { RopeScaling } from '@ttt-e2e/kernels/ops'
import type { LlamaSizes } from '../llama/sizes'
import type { GgufHeader } from './header'

/** What a GGUF file of architecture llama or qwen3 says of its model, in our terms; what is wrong with it goes to `problems`. */
export function sizesOf({ metadata, tensors }: GgufHeader, problems: string[]): LlamaSizes | undefined {
  const architecture = metadata.get('general.architecture')
  if (architecture !== 'llama' && architecture !== 'qwen3') {
    problems.push(
      `its general.architecture is ${JSON.stringify(architecture)}; only llama and qwen3 can be read`,
    )
    return undefined
  }
  const number = (key: string, otherwise?: number): number => {
    const value = metadata.get(`${architecture}.${key}`) ?? otherwise
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
    problems.push(
      value === undefined
        ? `its metadata lacks ${architecture}.${key}`
        : `${architecture}.${key} is ${JSON.stringify(value)}; it must be a number above 0`,
    )
    return 1
  }
  const whole = (key: string, most: number, otherwise?: number): number => {
    const value = number(key, otherwise)
    if (Number.isInteger(value) && value <= most) return value
    problems.push(`${architecture}.${key} is ${value}; it must be a whole number up to ${most}`)
    return 1
  }
  const hiddenSize = whole('embedding_length', 65_536)
  const heads = whole('attention.head_count', 65_536)
  const keyHeads = whole('attention.head_count_kv', 65_536, heads)
  const headWidth = whole('attention.key_length', 65_536, hiddenSize / heads)
  const layers = whole('block_count', 1024)
  if (heads % keyHeads !== 0) problems.push(`${keyHeads} key heads can't be shared evenly by ${heads} heads`)
  if (headWidth % 2 !== 0) problems.push(`heads are ${headWidth} wide; RoPE needs an even width`)
  for (const key of ['attention.value_length', 'rope.dimension_count'])
    if (number(key, headWidth) !== headWidth)
      problems.push(`${architecture}.${key} is not the width of a head, ${headWidth}`)
  const experts = metadata.get(`${architecture}.expert_count`) ?? 0
  if (experts !== 0) problems.push(`it is a mixture of ${String(experts)} experts, which can't be read`)
  const biases = tensors.has('blk.0.attn_output.bias')
    ? 'all'
    : tensors.has('blk.0.attn_q.bias')
      ? 'inputs'
      : undefined
  return {
    vocabularySize: tensors.get('token_embd.weight')?.shape[0] ?? 1,
    hiddenSize,
    intermediateSize: whole('feed_forward_length', 1e9),
    heads,
    keyHeads,
    headWidth,
    windows: Array.from({ length: layers }, () => 0),
    qkNorm: architecture === 'qwen3',
    ...(biases && { attentionBiases: biases }),
    mlpBiases: tensors.has('blk.0.ffn_gate.bias'),
    rope: { base: number('rope.freq_base', 10_000), scaling: scalingOf() },
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    tied: !tensors.has('output.weight'),
  }

  function scalingOf(): RopeScaling | null {
    const type = metadata.get(`${architecture}.rope.scaling.type`) ?? 'none'
    if (type === 'none') return null
    if (type === 'linear') return { type, factor: number('rope.scaling.factor') }
    if (type === 'yarn') {
      const factor = number('rope.scaling.factor')
      return {
        type,
        factor,
        originalLength: whole('rope.scaling.original_context_length', 1e9),
        betaFast: number('rope.scaling.yarn_beta_fast', 32),
        betaSlow: number('rope.scaling.yarn_beta_slow', 1),
        attentionFactor:
          number('rope.scaling.attn_factor', 1) * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1),
        truncate: true,
      }
    }
    problems.push(`its RoPE is scaled by ${JSON.stringify(type)}; known: none, linear, yarn`)
    return null
  }
}

/** What Llama 3.1 and its successors were extended from. */
const llama3 = {
  type: 'llama3',
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalLength: 8192,
} as const

/**
 * Llama 3.1's scaling, which a GGUF file has as a divisor for each pair.
 *
 * @returns undefined for divisors that it doesn't give
 */
export function scalingOfDivisors(
  divisors: ArrayLike<number>,
  { rope: { base }, headWidth }: LlamaSizes,
): RopeScaling | undefined {
  const factor = Math.max(...Array.from(divisors))
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = llama3
  const agrees = Array.from(divisors).every((divisor, pair) => {
    const turns = (originalLength * base ** ((-2 * pair) / headWidth)) / (2 * Math.PI)
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return Math.abs(divisor * (kept + (1 - kept) / factor) - 1) < 1e-4
  })
  return agrees && divisors.length === headWidth / 2 ? { ...llama3, factor } : undefined
}
