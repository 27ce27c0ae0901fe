import {
  fromPlainTensor,
  tidy,
  toPlainTensors,
  treeEntries,
  treeLeaves,
  treeMap,
  type PlainTensors,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { FastWeights } from './fast-weights'
import { copyState, disposeState, startState, tensorsOf, type ReaderState } from './reader-state'
import type { Params, System } from './system'
import { TokenBlock } from './token-block'

/** A reader's state as plain data: named tensors and a JSON of everything else. */
export interface SavedState {
  tensors: PlainTensors
  meta: SavedMeta
}

interface SavedMeta {
  position: number
  steps: number
  open: {
    rows: number
    /** [B][rows]; empty where nothing is open. */
    tokens: number[][]
  }
}

/** What a saved state looks like: the names and shapes of its tensors, and all that is not a tensor. */
export interface SavedForm {
  tensors: Record<string, { shape: number[] }>
  meta: SavedMeta
}

/** The form that `saveState` would give. */
export const formOf = (state: ReaderState): SavedForm => ({
  tensors: Object.fromEntries(treeEntries(tensorsOf(state)).map(([name, { shape }]) => [name, { shape }])),
  meta: metaOf(state),
})

/** The state as it is now, whatever becomes of it meanwhile. */
export async function saveState(state: ReaderState): Promise<SavedState> {
  const meta = metaOf(state)
  const copy = copyState(state)
  try {
    return { tensors: await toPlainTensors(treeEntries(tensorsOf(copy))), meta }
  } finally {
    disposeState(copy)
  }
}

function metaOf({ positions: [position], steps: [steps], open }: ReaderState): SavedMeta {
  const rows = open.tokens.length
  const tokens = rows > 0 ? open.tokens.rows().map((row) => Array.from(row)) : []
  return { position, steps, open: { rows, tokens } }
}

/** @throws if tensors are missing or have other shapes than a reader of this system and `batch` sequences holds */
export function restoreState(system: System, params: Params, batch: number, saved: SavedState): ReaderState {
  const { position, steps, open } = saved.meta
  const { fast, last, ...states } = tidy(() => restoreTensors(system, params, batch, saved))
  return {
    ...(fast && { fast: fast as FastWeights }),
    ...states,
    open: {
      ...states.open,
      tokens: open.rows > 0 ? TokenBlock.ofRows(open.tokens) : TokenBlock.empty(batch),
    },
    ...(last && { last }),
    positions: Array<number>(batch).fill(position),
    steps: Array<number>(batch).fill(steps),
  }
}

/** Whether a tensor may have this shape that began with another: what was nothing has grown by what was read. */
const grownFrom = (shape: readonly number[], start: readonly number[]): boolean =>
  shape.length === start.length && shape.every((n, d) => n === start[d] || start[d] === 0)

function restoreTensors(system: System, params: Params, batch: number, { tensors, meta }: SavedState) {
  const problems: string[] = []
  const used = new Set<string>()
  const take = (name: string, shape?: readonly number[]): Tensor | undefined => {
    const plain = tensors[name]
    if (!plain || (shape && !grownFrom(plain.shape, shape))) {
      problems.push(plain ? `${name} is [${plain.shape}], not [${shape}]` : `${name} is missing`)
      return undefined
    }
    used.add(name)
    return fromPlainTensor(plain)
  }
  const { fast, prefix, suffix, open } = tensorsOf(startState(system, params, batch))
  const like = { fast, prefix, suffix, open: { states: open.states } }
  for (const [group, states] of Object.entries({ prefix, suffix, 'open.states': open.states })) {
    const names = Object.keys(tensors).filter((name) => name.startsWith(`${group}.`))
    const found = new Set(names.map((name) => name.slice(group.length + 1).split('.')[0])).size
    const expected = states.filter((state) => treeLeaves(state).length > 0).length
    if (found !== expected) problems.push(`${group} has ${found} states, not ${expected}`)
  }
  const taken = treeMap(like as TensorTree, (leaf, path) => take(path, leaf.shape) ?? leaf) as typeof like
  const hidden = meta.open.rows > 0 ? take('open.hidden') : undefined
  const last = meta.position > 0 ? take('last') : undefined
  const foreign = Object.keys(tensors).filter((name) => !used.has(name))
  if (foreign.length > 0) problems.push(`unknown: ${foreign.join(', ')}`)
  if (problems.length > 0) throw new Error(`the memory doesn't fit the model: ${problems.join('; ')}`)
  return { ...taken, open: { ...taken.open, ...(hidden && { hidden }) }, last }
}
