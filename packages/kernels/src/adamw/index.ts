import { defineFusedOp, type FusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { adamwDefaults, adamwReference, type AdamwAttributes } from './reference'

export { type AdamwAttributes }

const ops = new Map<number, FusedOp<AdamwAttributes>>()

/** The op over `count` parameters: inputs p0 …, g0 …, m0 …, v0 …; outputs p0 …, m0 …, v0 … and norm. */
export function adamwOp(count: number) {
  let op = ops.get(count)
  if (!op) {
    const names = (letter: string) => Array.from({ length: count }, (_, i) => `${letter}${i}`)
    const kept = [...names('p'), ...names('m'), ...names('v')]
    op = defineFusedOp({
      name: `Adamw${count}`,
      kernel: 'Adamw',
      inputs: [...names('p'), ...names('g'), ...names('m'), ...names('v')],
      differentiable: [],
      outputs: [...kept.map((name) => `new_${name}`), 'norm'],
      attributes: adamwDefaults,
      outputShapes: (shapes: Shapes) => ({
        ...Object.fromEntries(kept.map((name) => [`new_${name}`, shapes[name]])),
        norm: [],
      }),
      inputShapes: (shapes: Shapes) =>
        Object.fromEntries(
          ['p', 'g', 'm', 'v'].flatMap((letter) => names(letter).map((name, i) => [name, shapes[`p${i}`]])),
        ),
      wholeNumbers: { step: 1, undecayed: 0 },
      reference: (inputs, attributes) => adamwReference(inputs, attributes, count),
    })
    ops.set(count, op)
  }
  return op
}

/**
 * AdamW with decoupled weight decay, on every parameter unless some are said not to decay, and a clip of the gradients' global norm before the moments:
 * p − learningRate · (m̂ / (√v̂ + epsilon) + weightDecay · p), moments bias-corrected by `step`, which counts from 1.
 *
 * @returns new tensors; the inputs stay as they are. `norm` [] is that of all gradients before the clip.
 */
export function adamw(
  parameters: Tensor[],
  gradients: Tensor[],
  firstMoments: Tensor[],
  secondMoments: Tensor[],
  options: Partial<AdamwAttributes>,
): { parameters: Tensor[]; firstMoments: Tensor[]; secondMoments: Tensor[]; norm: Tensor } {
  const inputs: Record<string, Tensor> = {}
  const groups = { p: parameters, g: gradients, m: firstMoments, v: secondMoments }
  for (const [letter, tensors] of Object.entries(groups))
    tensors.forEach((t, i) => (inputs[`${letter}${i}`] = t))
  const outputs = adamwOp(parameters.length)(inputs, options)
  const group = (letter: string) => parameters.map((_, i) => outputs[`new_${letter}${i}`])
  return { parameters: group('p'), firstMoments: group('m'), secondMoments: group('v'), norm: outputs.norm }
}
