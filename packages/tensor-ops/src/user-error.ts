export { legible, problemList } from './problem-list'

/**
 * Something that was asked for and can't be had. The message is one sentence for people: what was given, what is allowed,
 * what to do. Every such error of these packages extends it, so that an application tells them from faults of the program
 * by `instanceof UserError`: a command prints the sentence and exits with 2, a fault keeps its stack.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  /** A word for programs, of its own for each class; it stays what it is when a message is put better. */
  readonly code: string = 'invalid_request'
}
