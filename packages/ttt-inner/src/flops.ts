import type { System } from './system'

/** Floating-point operations for each token of a text, counted from the shapes. */
export interface FlopCount {
  /** Reading, with the inner steps of a system that learns; the mean over the text. */
  reading: number
  /** Writing the token after the text, without learning from it. */
  decoding: number
  /** Loss and gradient with respect to all parameters, everything computed once; the mean over the text. */
  training: number
  /** What computing the intermediate results again adds to training, where they don't fit into memory. */
  recompute: number
}

/** Places in the text at which a token's operations are counted. */
const samples = 256

/**
 * Counts multiplications and additions of the matrix products and of the mixers' states. Forward once and backward
 * twice; with a learning rule the suffix also has the inner backward pass (activations down to the first prime MLP,
 * weights of the prime MLPs only), differentiated in its turn.
 *
 * @param length tokens of the text
 * @param frozenPrefix whether the prefix is read with and not trained: then it is computed forward, once. The suffix counts
 *   as if all of it were trained.
 */
export function countFlops({ decoder, rule }: System, length: number, frozenPrefix = false): FlopCount {
  const { suffixBlocks } = decoder.config
  const forwardAndInner = (position: number) => {
    const { prefix, suffix, prime } = decoder.flops(position)
    // The first prime MLP's inputs need no gradient: two of its three products are spared.
    const inner = rule && suffixBlocks > 0 ? suffix - (prime * 2) / 3 + suffixBlocks * prime : 0
    return { forward: prefix + suffix, inner, frozen: frozenPrefix ? prefix : 0 }
  }
  let [reading, frozen] = [0, 0]
  for (let i = 0; i < samples; i++) {
    const position = Math.max(1, Math.round(((i + 0.5) / samples) * length))
    const each = forwardAndInner(position)
    reading += (each.forward + each.inner) / samples
    frozen += each.frozen / samples
  }
  return {
    reading,
    decoding: forwardAndInner(length + 1).forward,
    training: 3 * reading - 2 * frozen,
    recompute: reading - frozen,
  }
}
