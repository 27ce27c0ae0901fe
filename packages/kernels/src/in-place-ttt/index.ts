import { atLeast, defineFusedOp, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { inPlaceTttReference, taps } from './reference'

const { zeros } = tf
const states = ['fast', 'hOpen', 'tOpen'] as const

const op = defineFusedOp({
  name: 'InPlaceTtt',
  inputs: ['h', 't', 'conv', ...states, 'position'],
  integers: ['position'],
  differentiable: ['h', 't', 'conv', ...states],
  outputs: ['z', ...states],
  // Each starts as a copy of what it goes on from, which isn't looked at again.
  overwrites: Object.fromEntries(states.map((name) => [name, name])),
  outputShapes: ({ t, fast, hOpen, tOpen }: Shapes) => ({ z: t, fast, hOpen, tOpen }),
  inputShapes: ({ h: [batch, length, hidden], t: [, , width], hOpen: [, chunk] }: Shapes) => ({
    h: [batch, length, hidden],
    t: [batch, length, width],
    conv: [width, taps],
    fast: [batch, width, hidden],
    hOpen: [batch, atLeast(1, chunk), hidden],
    tOpen: [batch, chunk, width],
    position: [batch],
  }),
  reference: inPlaceTttReference,
})

/** Between two tokens: the sum of all whole chunks [B, D, F], and the open chunk's h [B, C, F] and t [B, C, D], then zeros. */
export type InPlaceTttState = Record<(typeof states)[number], Tensor>

/**
 * What an MLP's down projection learns by In-Place TTT (arXiv 2604.06169): after each whole chunk of C tokens it gains
 * Σ_i u_i h_iᵀ, with u the chunk's targets after a centred convolution of width 5, zeros outside of the chunk. A chunk's
 * tokens all read with what the chunks before it left, z_i = (Σ u hᵀ) h_i. The rate and what u is projected by are linear
 * and left to the caller: with W the projection, y_i = W h_i + η Pᵀ z_i.
 *
 * @param inputs.h [B, T, F] what the down projection gets
 * @param inputs.t [B, T, D] targets
 * @param inputs.conv [D, 5], the third at the token itself
 * @param position int32 [B]: tokens of each sequence before these
 * @returns z [B, T, D] and the state after these tokens
 */
export function inPlaceTtt(
  inputs: { h: Tensor; t: Tensor; conv: Tensor },
  { fast, hOpen, tOpen }: InPlaceTttState,
  position: Tensor,
): { z: Tensor; state: InPlaceTttState } {
  const { z, ...after } = op({ ...inputs, fast, hOpen, tOpen, position })
  return { z, state: after as InPlaceTttState }
}

/** The state before the first token: nothing learned, nothing open. */
export const inPlaceTttStart = (
  batch: number,
  { width, hidden, chunk }: { width: number; hidden: number; chunk: number },
): InPlaceTttState => ({
  fast: zeros([batch, width, hidden]),
  hOpen: zeros([batch, chunk, hidden]),
  tOpen: zeros([batch, chunk, width]),
})
export { op as inPlaceTttOp }
