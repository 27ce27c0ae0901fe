import type { System } from './system'

/**
 * Bytes that a reader of one sequence holds after `position` tokens, one at least: the mixers' states, the weights that
 * learn and the open chunk, with the states at its start.
 */
export function countStateBytes({ decoder, rule }: System, position: number): number {
  const { hiddenSize, intermediateSize, suffixBlocks, prime } = decoder.config
  const { prefix, suffix } = decoder.stateBytes(position)
  const last = hiddenSize
  if (!rule) return prefix + suffix + decoder.stateBytes(0).suffix + 4 * last
  // A full chunk stays open until the token after it is known.
  const open = ((position - 1) % rule.chunk) + 1
  const fast = 3 * hiddenSize * (prime?.width ?? intermediateSize) * suffixBlocks
  const atStart = decoder.stateBytes(position - open).suffix
  return prefix + suffix + atStart + 4 * (fast + open * hiddenSize + last)
}
