import { problemList, UserError } from '@ttt-e2e/tensor-ops/user-error'

/**
 * A checkpoint, model or memory that cannot be used. The message names the place and what doesn't match; all of that stands
 * in `problems`.
 */
export class CheckpointError extends UserError {
  override readonly name = 'CheckpointError'
  override readonly code = 'invalid_checkpoint'

  constructor(
    readonly path: string,
    readonly problems: readonly string[],
  ) {
    super(`'${path}' can't be used: ${problemList(problems)}`)
  }
}
