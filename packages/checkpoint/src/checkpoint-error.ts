/** At the most this many problems stand in a message; all of them in `problems`. */
const shown = 12

/** A checkpoint, model or memory that cannot be used. The message names the place and everything that doesn't match. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError'

  constructor(
    readonly path: string,
    readonly problems: readonly string[],
  ) {
    const more = problems.length > shown ? `; and ${problems.length - shown} more` : ''
    super(`'${path}' can't be used: ${problems.slice(0, shown).join('; ')}${more}`)
  }
}
