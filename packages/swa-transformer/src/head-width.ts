import { SizeError } from './size-error'

/** The width of a head. @throws SizeError if it isn't even, as RoPE needs it */
export function headWidthOf({ hiddenSize, heads }: { hiddenSize: number; heads: number }): number {
  if (hiddenSize % (2 * heads) !== 0)
    throw new SizeError(`the hidden size ${hiddenSize} must be an even multiple of the ${heads} heads`)
  return hiddenSize / heads
}
