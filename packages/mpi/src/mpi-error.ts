import { UserError } from '@ttt-e2e/tensor-ops'

/** MPI can't be had here, or the ranks can't work together any more. */
export class MpiError extends UserError {
  override name = 'MpiError'
}
