import type { Tensor } from '../tf'

/**
 * The gradient of a kernel told which gradients are wanted and which cotangents exist, so that nothing is computed
 * for nobody. tfjs's own gradient functions know neither.
 */
export type DirectGradient = (
  outputGradients: (Tensor | undefined)[],
  saved: Tensor[],
  attributes: unknown,
  wanted: readonly string[],
) => Record<string, Tensor | undefined>

const directGradients = new Map<string, DirectGradient>()

export function registerDirectGradient(kernelName: string, gradient: DirectGradient): void {
  directGradients.set(kernelName, gradient)
}

export function directGradientOf(kernelName: string): DirectGradient | undefined {
  return directGradients.get(kernelName)
}
