import { mesa, type ConjugateGradients } from '@ttt-e2e/kernels/ops'
import type { Tensors } from '@ttt-e2e/tensor-ops'

/** The exact solution, or the published steps where the case says how many. */
export function mesaCase(
  { q, k, v, g, beta, lamb, h_kk0, h_kv0 }: Tensors,
  { steps, x0, eps }: Record<string, unknown>,
): Tensors {
  const solver: ConjugateGradients | undefined =
    steps === undefined
      ? undefined
      : { steps: Number(steps), start: x0 === 'diag' ? 'diagonal' : 'zero', epsilon: Number(eps) }
  const { o, state } = mesa({ q, k, v, g, beta, lambda: lamb }, { keys: h_kk0, values: h_kv0 }, solver)
  return { o, h_kk_last: state.keys, h_kv_last: state.values }
}
