import type { TensorTree } from '@ttt-e2e/tensor-ops'
import { tensorsOf, type ReaderState } from './reader-state'
import { TokenBlock } from './token-block'
import { rowsOf, stackedRows } from './tree-rows'

/**
 * States side by side as one of several sequences; those given stay as they are.
 *
 * @param states of the same shapes, their open chunks as long
 */
export function joinStates(states: readonly ReaderState[]): ReaderState {
  const joined = stackedRows(states.map(tensorsOf))
  const tokens = states.flatMap(({ open }) => open.tokens.rows())
  return {
    ...stateOf(joined, TokenBlock.ofRows(tokens)),
    positions: states.flatMap(({ positions }) => positions),
    steps: states.flatMap(({ steps }) => steps),
  }
}

/** The state of each sequence by itself; the one given stays as it is. */
export function splitState(state: ReaderState): ReaderState[] {
  const tensors = tensorsOf(state)
  return state.positions.map((position, row) => ({
    ...stateOf(rowsOf(tensors, row, 1), new TokenBlock(state.open.tokens.row(row), 1)),
    positions: [position],
    steps: [state.steps[row]],
  }))
}

function stateOf({ fast, open, last, ...mixing }: ReturnType<typeof tensorsOf>, tokens: TokenBlock) {
  return {
    ...mixing,
    ...(fast && { fast: fast as ReaderState['fast'] & TensorTree }),
    open: { tokens, states: open.states, ...(open.hidden && { hidden: open.hidden }) },
    ...(last && { last }),
  }
}
