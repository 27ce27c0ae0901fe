/**
 * Which targets of one sequence count in the loss: all but BOS, which no reader can foresee.
 *
 * @param tokens [length + 1]; target i is tokens[i + 1].
 * @returns [length], 1 where the target counts and 0 where it does not.
 */
export function lossMask(tokens: ArrayLike<number>, bosToken?: number): Uint8Array {
  const mask = new Uint8Array(Math.max(0, tokens.length - 1)).fill(1)
  if (bosToken === undefined) return mask
  for (let i = 0; i < mask.length; i++) if (tokens[i + 1] === bosToken) mask[i] = 0
  return mask
}
