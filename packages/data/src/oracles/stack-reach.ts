import { checkWhole } from '../data-error'

/**
 * How many of the last tokens, the current one included, a stack of sliding-window attention layers can see:
 * each layer looks `window` − 1 further back than the one below it.
 *
 * @param window keys each query sees, itself included.
 * @throws DataError unless both are whole numbers from 1 up.
 */
export function stackReach(layers: number, window: number): number {
  checkWhole('layers', layers, 1)
  checkWhole('window', window, 1)
  return layers * (window - 1) + 1
}
