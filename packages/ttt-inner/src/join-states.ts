import {
  tf,
  tidy,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { tensorsOf, type ReaderState } from './reader-state'
import { TokenBlock } from './token-block'

/**
 * States side by side as one of several sequences; those given stay as they are.
 *
 * @param states of the same shapes, their open chunks as long
 */
export function joinStates(states: readonly ReaderState[]): ReaderState {
  const trees = states.map(tensorsOf)
  const leaves = trees.map(treeLeaves)
  const joined = tidy(() =>
    treeWithLeaves(
      trees[0],
      leaves[0].map((_, i) => sideBySide(leaves.map((each) => each[i]))),
    ),
  )
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
    ...stateOf(
      tidy(() => treeMap(tensors, (tensor) => rowOf(tensor, row))),
      new TokenBlock(state.open.tokens.row(row), 1),
    ),
    positions: [position],
    steps: [state.steps[row]],
  }))
}

// A cache that has no slot yet has no values, which some engines' own kernels take for a mistake.
const sideBySide = (rows: Tensor[]): Tensor =>
  rows[0].size === 0 ? tf.zeros([rows.length, ...rows[0].shape.slice(1)]) : tf.concat(rows, 0)
const rowOf = (tensor: Tensor, row: number): Tensor =>
  tensor.size === 0 ? tf.zeros([1, ...tensor.shape.slice(1)]) : tf.slice(tensor, [row], [1])

function stateOf({ fast, open, last, ...mixing }: ReturnType<typeof tensorsOf>, tokens: TokenBlock) {
  return {
    ...mixing,
    ...(fast && { fast: fast as ReaderState['fast'] & TensorTree }),
    open: { tokens, states: open.states, ...(open.hidden && { hidden: open.hidden }) },
    ...(last && { last }),
  }
}
