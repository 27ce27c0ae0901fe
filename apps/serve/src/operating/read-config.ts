import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { FileError, readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { z } from 'zod'

const schema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))

/**
 * Options of a file, by their names on the command line: `{"port": 8080, "max-tokens": 512}`.
 *
 * @param known the options that there are, in camel case
 * @returns them as the command line has them, in camel case
 * @throws UserError that names the file and the option
 */
export function readConfig(path: string, known: readonly string[]): Record<string, unknown> {
  const refuse = (why: string) => new UserError(`the options of '${path}' can't be used: ${why}`)
  let json: unknown
  try {
    json = JSON.parse(readWholeFile(path).toString('utf8'))
  } catch (error) {
    throw refuse(error instanceof FileError ? error.reason : 'it is not JSON')
  }
  const result = schema.safeParse(json)
  if (!result.success) throw refuse('it must be an object of texts, numbers, true, false and lists of texts')
  const entries = Object.entries(result.data).map(([option, value]) => {
    const name = option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!known.includes(name) || name === 'config') throw refuse(`there is no option '${option}'`)
    return [name, typeof value === 'number' ? String(value) : value]
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}
