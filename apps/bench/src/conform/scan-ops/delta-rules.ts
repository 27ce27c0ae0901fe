import { gatedDeltaRule2, kimiDeltaRule } from '@ttt-e2e/kernels/ops'
import type { Tensors } from '@ttt-e2e/tensor-ops'

export function kda({ s0, ...inputs }: Tensors): Tensors {
  const { o, lastState } = kimiDeltaRule({
    ...(inputs as Parameters<typeof kimiDeltaRule>[0]),
    state: s0,
  })
  return { o, s_last: lastState }
}

export function gdn2({ q, k, v, g, b, w, s0 }: Tensors): Tensors {
  const { o, lastState } = gatedDeltaRule2({ q, k, v, g, erase: b, write: w, state: s0 })
  return { o, s_last: lastState }
}
