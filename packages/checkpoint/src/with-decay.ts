import { disposeTree, UserError } from '@ttt-e2e/tensor-ops'
import type { LoadedParameters } from './load-tree'

/**
 * A model whose inner steps go a share of the way back to where its fast weights started, see `LearningRule.decay`.
 *
 * @throws UserError for what is no share, or a model that has no inner steps; its parameters are freed then
 */
export function withDecay(loaded: LoadedParameters, decay: number): LoadedParameters {
  const { system, params } = loaded
  const { rule, name } = system
  if (rule && decay >= 0 && decay <= 1) return { params, system: { ...system, rule: { ...rule, decay } } }
  disposeTree(params)
  throw new UserError(
    rule
      ? `the decay is ${decay}; it must be a number from 0, none, to 1: the share of the way back that each inner step goes`
      : `a decay was given, and '${name}' has no inner steps that it would be of: leave it out`,
  )
}
