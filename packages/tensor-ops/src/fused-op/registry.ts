import type { FusedOp } from './definition'

type Listener = (op: FusedOp) => void
const fusedOps = new Map<string, FusedOp>()
const listeners: Listener[] = []

export const hasFusedOp = (name: string): boolean => fusedOps.has(name)

/** Makes a fused op, or a variant of a gradient, known to the listeners. */
export function addFusedOp(op: FusedOp): void {
  fusedOps.set(op.name, op)
  for (const listener of listeners) listener(op)
}

/** The fused ops by definition, their gradients left out. */
export function definedFusedOps(): FusedOp[] {
  return [...fusedOps.values()].filter((op) => op.order === 0)
}

/** Calls `listener` for every fused op and gradient variant, those made later too. */
export function onFusedOp(listener: Listener): void {
  listeners.push(listener)
  for (const op of fusedOps.values()) listener(op)
}
