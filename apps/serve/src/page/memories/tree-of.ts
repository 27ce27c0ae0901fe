import type { MemoryAnswer } from '../api/api-client'

export interface Branch {
  memory: MemoryAnswer
  forks: readonly Branch[]
}

/** Memories under what they were forked from, oldest first. Where that is gone, they stand by themselves. */
export function treeOf(memories: readonly MemoryAnswer[]): Branch[] {
  const forksOf = new Map<string | null, MemoryAnswer[]>()
  const ids = new Set(memories.map(({ id }) => id))
  for (const memory of memories) {
    const parent = memory.parent !== null && ids.has(memory.parent) ? memory.parent : null
    forksOf.set(parent, [...(forksOf.get(parent) ?? []), memory])
  }
  const branches = (parent: string | null): Branch[] =>
    (forksOf.get(parent) ?? []).map((memory) => ({ memory, forks: branches(memory.id) }))
  return branches(null)
}
