import {
  fromPlainTensor,
  tidy,
  toPlainTensors,
  treeEntries,
  treeMap,
  type PlainTensors,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { joinStates, stateMetas } from '@ttt-e2e/swa-transformer'
import type { FastWeights } from './fast-weights'
import { copyState, disposeState, tensorsOf, type ReaderState } from './reader-state'
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
  prefix: Record<string, number>[]
  suffix: Record<string, number>[]
  open: {
    rows: number
    /** [B][rows]; empty where nothing is open. */
    tokens: number[][]
    states: Record<string, number>[]
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

function metaOf({ position, steps, prefix, suffix, open }: ReaderState): SavedMeta {
  const rows = open.tokens.length
  return structuredClone({
    position,
    steps,
    prefix: stateMetas(prefix),
    suffix: stateMetas(suffix),
    open: {
      rows,
      tokens: rows > 0 ? open.tokens.rows().map((row) => Array.from(row)) : [],
      states: stateMetas(open.states),
    },
  })
}

/** @throws if tensors are missing or have other shapes than a reader of this system and `batch` sequences holds */
export function restoreState(system: System, params: Params, batch: number, saved: SavedState): ReaderState {
  const meta = structuredClone(saved.meta)
  const tree = tidy(() => restoreTensors(system, params, batch, saved))
  return {
    ...(tree.fast && { fast: tree.fast }),
    prefix: joinStates(tree.prefix, meta.prefix),
    suffix: joinStates(tree.suffix, meta.suffix),
    open: {
      tokens: meta.open.rows > 0 ? TokenBlock.ofRows(meta.open.tokens) : TokenBlock.empty(batch),
      ...(tree.open.hidden && { hidden: tree.open.hidden }),
      states: joinStates(tree.open.states, meta.open.states),
    },
    ...(tree.last && { last: tree.last }),
    position: meta.position,
    steps: meta.steps,
  }
}

function restoreTensors({ decoder, rule }: System, params: Params, batch: number, saved: SavedState) {
  const problems: string[] = []
  const used = new Set<string>()
  const take = (name: string, shape?: readonly number[]): Tensor | undefined => {
    const plain = saved.tensors[name]
    if (!plain || (shape && plain.shape.join() !== shape.join())) {
      problems.push(plain ? `${name} is [${plain.shape}], not [${shape}]` : `${name} is missing`)
      return undefined
    }
    used.add(name)
    return fromPlainTensor(plain)
  }
  // What mixers keep grows from nothing, so that nothing can list it: everything saved under their names is theirs.
  const under = (group: string, count: number): Record<string, Tensor>[] =>
    Array.from({ length: count }, (_, i) => {
      const names = Object.keys(saved.tensors).filter((name) => name.startsWith(`${group}.${i}.`))
      return Object.fromEntries(names.map((name) => [name.slice(`${group}.${i}.`.length), take(name)!]))
    })
  const { meta } = saved
  const suffixStates = Math.max(0, decoder.config.suffixBlocks - 1)
  const counts = [
    ['prefix', meta.prefix.length, decoder.prefix.length],
    ['suffix', meta.suffix.length, suffixStates],
    ['open.states', meta.open.states.length, suffixStates],
  ] as const
  for (const [name, found, expected] of counts)
    if (found !== expected) problems.push(`${name} has ${found} states, not ${expected}`)
  const tree = {
    fast: rule
      ? (treeMap(
          params.prime as TensorTree,
          (leaf, path) => take(`fast.${path}`, [batch, ...leaf.shape]) ?? leaf,
        ) as FastWeights)
      : undefined,
    prefix: under('prefix', meta.prefix.length),
    suffix: under('suffix', meta.suffix.length),
    open: {
      hidden: meta.open.rows > 0 ? take('open.hidden') : undefined,
      states: under('open.states', meta.open.states.length),
    },
    last: meta.position > 0 ? take('last') : undefined,
  }
  const foreign = Object.keys(saved.tensors).filter((name) => !used.has(name))
  if (foreign.length > 0) problems.push(`unknown: ${foreign.join(', ')}`)
  if (problems.length > 0) throw new Error(`the memory doesn't fit the model: ${problems.join('; ')}`)
  return tree
}
