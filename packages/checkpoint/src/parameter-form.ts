import type { Random } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'

/** Draws nothing: only the form of what is made with it counts. */
const zeros: Random = {
  uniform: () => 0,
  integer: () => 0,
  normal: () => 0,
  shuffle: (array) => array,
  state: () => ({ state: [0, 0, 0, 0], spareNormal: null }),
}

/** Parameters of a system's form, with values that mean nothing. The caller owns them. */
export const emptyParameters = (system: System): Params => system.decoder.init(zeros)
