import { FileError, readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/**
 * The JSON of a file that the operator wrote.
 *
 * @param what it holds, as its errors name it
 * @returns it, and what makes an error of what is wrong with it
 * @throws UserError if it can't be read or isn't JSON
 */
export function readSettings(what: string, path: string): { json: unknown; refuse(why: string): UserError } {
  const refuse = (why: string) => new UserError(`the ${what} of '${path}' can't be used: ${why}`)
  try {
    return { json: JSON.parse(readWholeFile(path).toString('utf8')), refuse }
  } catch (error) {
    throw refuse(error instanceof FileError ? error.reason : 'it is not JSON')
  }
}
