import { z } from 'zod'
import { readSettings } from './read-settings'

const schema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))

/**
 * Options of a file, by their names on the command line: `{"port": 8080, "max-tokens": 512}`.
 *
 * @param known the options that there are, in camel case
 * @returns them as the command line has them, in camel case
 * @throws UserError that names the file and the option
 */
export function readConfig(path: string, known: readonly string[]): Record<string, unknown> {
  const { json, refuse } = readSettings('options', path)
  const result = schema.safeParse(json)
  if (!result.success) throw refuse('it must be an object of texts, numbers, true, false and lists of texts')
  const entries = Object.entries(result.data).map(([option, value]) => {
    const name = option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (!known.includes(name) || name === 'config') throw refuse(`there is no option '${option}'`)
    return [name, typeof value === 'number' ? String(value) : value]
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}
