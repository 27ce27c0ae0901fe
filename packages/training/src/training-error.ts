import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** A recipe, its data or a run folder that can't be used. The message is one sentence: what was given, what is allowed. */
export class TrainingError extends UserError {
  override readonly name = 'TrainingError'
  override readonly code = 'invalid_training'
}
