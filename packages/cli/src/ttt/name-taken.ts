import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Nothing is overwritten by its name alone. */
export const nameTaken = (name: string): UserError =>
  new UserError(
    `there is a memory '${name}' already: choose another name, remove it by ttt rm ${name}, or read on by --into ${name}`,
  )
