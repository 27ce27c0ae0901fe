/** Something that the caller asked for and cannot have. The message is one sentence: what was given, what is allowed. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
