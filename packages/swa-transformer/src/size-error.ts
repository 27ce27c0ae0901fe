import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Sizes that don't fit each other, or a system. The message is one sentence: what was given, what is allowed. */
export class SizeError extends UserError {
  override readonly name = 'SizeError'
  override readonly code = 'invalid_size'
}
