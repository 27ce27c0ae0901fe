import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** At the most this many problems stand in a message; all of them in `problems`. */
const shown = 12

/** A checkpoint, model or memory that cannot be used. The message names the place and everything that doesn't match. */
export class CheckpointError extends UserError {
  override readonly name = 'CheckpointError'
  override readonly code = 'invalid_checkpoint'

  constructor(
    readonly path: string,
    readonly problems: readonly string[],
  ) {
    const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
    super(`'${path}' can't be used: ${problems.slice(0, shown).join('; ')}${more}`)
  }
}
