import {
  disposeTree,
  fromPlainTensor,
  tf,
  toPlainTensors,
  treeBytes,
  treeEntries,
  treeMap,
  type PlainTensors,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { joinStates, stateMetas, stateTensors, type SequenceState } from '@ttt-e2e/swa-transformer'
import type { FastWeights } from './fast-weights'

/** Everything that a reader remembers. Its size does not depend on how much was read, full attention's cache excepted. */
export interface ReaderState {
  /** W after the steps so far; absent without a rule. */
  fast?: FastWeights
  prefix: SequenceState[]
  suffix: SequenceState[]
  open: OpenChunk
  /** Hidden states after the last norm of the last token read [B, 1, D]: they predict the next one. */
  last?: Tensor
  /** Tokens read of each sequence. */
  position: number
  /** Inner steps taken. */
  steps: number
}

/** The tokens after the last step, with what a step on them needs: the prefix's output and the states at their start. */
export interface OpenChunk {
  rows: number
  /** [B][rows] */
  tokens: number[][]
  /** [B, rows, D] */
  hidden?: Tensor
  states: SequenceState[]
}

/** A reader's state as plain data: named tensors and a JSON of everything else. */
export interface SavedState {
  tensors: PlainTensors
  meta: SavedMeta
}

interface SavedMeta {
  position: number
  steps: number
  prefix: Record<string, number>[]
  suffix: Record<string, number>[]
  open: { rows: number; tokens: number[][]; states: Record<string, number>[] }
}

/** The tensors by name: `fast.0.w1`, `prefix.2.k`, `open.hidden`, … */
function treeOf({ fast, prefix, suffix, open, last }: ReaderState) {
  return {
    fast: fast as TensorTree | undefined,
    prefix: stateTensors(prefix),
    suffix: stateTensors(suffix),
    open: { hidden: open.hidden, states: stateTensors(open.states) },
    last,
  }
}

function metaOf({ position, steps, prefix, suffix, open }: ReaderState): SavedMeta {
  return {
    position,
    steps,
    prefix: stateMetas(prefix),
    suffix: stateMetas(suffix),
    open: { rows: open.rows, tokens: open.tokens, states: stateMetas(open.states) },
  }
}

function join(tree: ReturnType<typeof treeOf>, meta: SavedMeta): ReaderState {
  const { fast, last } = tree
  const copy = structuredClone(meta)
  return {
    ...(fast && { fast: fast as FastWeights }),
    prefix: joinStates(tree.prefix, copy.prefix),
    suffix: joinStates(tree.suffix, copy.suffix),
    open: {
      rows: copy.open.rows,
      tokens: copy.open.tokens,
      ...(tree.open.hidden && { hidden: tree.open.hidden }),
      states: joinStates(tree.open.states, copy.open.states),
    },
    ...(last && { last }),
    position: copy.position,
    steps: copy.steps,
  }
}

/** A state of its own that shares the tensors' memory: constant time, whatever was read. */
export function copyState(state: ReaderState): ReaderState {
  return join(
    treeMap(treeOf(state), (tensor) => tf.clone(tensor)),
    metaOf(state),
  )
}

export const disposeState = (state: ReaderState): void => disposeTree(treeOf(state))
export const bytesOfState = (state: ReaderState): number => treeBytes(treeOf(state))

export function saveState(state: ReaderState): SavedState {
  return { tensors: toPlainTensors(treeEntries(treeOf(state))), meta: structuredClone(metaOf(state)) }
}

/**
 * @param fresh a state of the same reader before the first token: says what must be there
 * @throws if tensors are missing or have other shapes than this reader's
 */
export function restoreState(saved: SavedState, fresh: ReaderState): ReaderState {
  const problems: string[] = []
  const used = new Set<string>()
  const take = (name: string, like?: Tensor): Tensor | undefined => {
    const plain = saved.tensors[name]
    if (!plain || (like && plain.shape.join() !== like.shape.join())) {
      problems.push(plain ? `${name} is [${plain.shape}], not [${like!.shape}]` : `${name} is missing`)
      return undefined
    }
    used.add(name)
    return fromPlainTensor(plain)
  }
  // What mixers keep grows from nothing, so a fresh state can't list it: everything saved under their names is theirs.
  const under = (prefix: string): Record<string, Tensor> =>
    Object.fromEntries(
      Object.keys(saved.tensors)
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), take(name)!]),
    )
  const { meta } = saved
  const counts = [
    ['prefix', meta.prefix.length, fresh.prefix.length],
    ['suffix', meta.suffix.length, fresh.suffix.length],
    ['open.states', meta.open.states.length, fresh.open.states.length],
  ] as const
  for (const [name, found, expected] of counts)
    if (found !== expected) problems.push(`${name} has ${found} states, not ${expected}`)
  const tree = {
    fast: fresh.fast && treeMap(fresh.fast as TensorTree, (leaf, path) => take(`fast.${path}`, leaf) ?? leaf),
    prefix: meta.prefix.map((_, i) => under(`prefix.${i}.`)),
    suffix: meta.suffix.map((_, i) => under(`suffix.${i}.`)),
    open: {
      hidden: meta.open.rows > 0 ? take('open.hidden') : undefined,
      states: meta.open.states.map((_, i) => under(`open.states.${i}.`)),
    },
    last: meta.position > 0 ? take('last') : undefined,
  }
  const foreign = Object.keys(saved.tensors).filter((name) => !used.has(name))
  if (foreign.length > 0) problems.push(`unknown: ${foreign.join(', ')}`)
  if (problems.length > 0) throw new Error(`the memory doesn't fit the model: ${problems.join('; ')}`)
  return join(tree, meta)
}
