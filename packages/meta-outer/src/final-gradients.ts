import { treeLeaves, type GradientSum, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { hasTrained, type TrainedLeaves } from './trained-part'

/** Takes the gradients of parameters over as soon as nothing adds to them any more; of all of them, in some order. */
export type OnFinal = (parameters: readonly Tensor[], gradients: readonly Tensor[]) => void

/** Called when the walk back has left the suffix, a stage of the prefix, everything. */
export interface Final {
  suffix(): void
  stage(number: number): void
  embedding(): void
}

/** Hands the gradients of a sum out as they become final. */
export function finalGradients(
  system: System,
  params: Params,
  trained: TrainedLeaves,
  sum: GradientSum,
  onFinal: OnFinal,
): Final {
  const { suffix, stages, embedding } = lastMet(system, params, trained)
  const tell = (leaves: Tensor[]) => onFinal(leaves, sum.take(leaves))
  return {
    suffix: () => tell(suffix),
    stage: (number) => tell(stages[number]),
    embedding: () => tell(embedding),
  }
}

/** The parameters in the order in which their gradients become final. */
export function finalOrder(system: System, params: Params, trained: TrainedLeaves): Tensor[] {
  const { suffix, stages, embedding } = lastMet(system, params, trained)
  return [...suffix, ...stages.toReversed().flat(), ...embedding]
}

/** Each parameter that is trained where the walk back meets it last. */
function lastMet(system: System, params: Params, trained: TrainedLeaves) {
  const met = new Set<Tensor>()
  const newOf = (tree: TensorTree) => {
    const leaves = treeLeaves(tree).filter((leaf) => !met.has(leaf) && hasTrained(leaf, trained))
    for (const leaf of leaves) met.add(leaf)
    return leaves
  }
  const embedding = newOf(params.embedding)
  const stages = system.decoder.prefix.map((stage) => newOf(stage.params(params)))
  return { embedding, stages, suffix: newOf(params) }
}
