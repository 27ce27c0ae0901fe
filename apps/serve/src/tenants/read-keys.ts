import { z } from 'zod'
import { readSettings } from '../operating/read-settings'
import type { KeyEntry } from './keys'

const most = z.int().min(1).optional()
const limitsSchema = z.strictObject({
  memories: most,
  memoryBytes: most,
  requestsPerMinute: most,
  tokensPerMinute: most,
})
const keysSchema = z.strictObject({
  tenants: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be of a-z, 0-9, _, . and -, at most 64'),
        sha256: z
          .array(z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits: the SHA-256 of a key'))
          .min(1),
        limits: limitsSchema.default({}),
        operator: z.boolean().default(false),
      }),
    )
    .min(1),
})

/**
 * The keys of a file: `{"tenants": [{"name": "ann", "sha256": ["…"], "limits": {"requestsPerMinute": 60}}]}`.
 *
 * @throws UserError that names the file and what is wrong with it
 */
export function readKeys(path: string): KeyEntry[] {
  const { json, refuse } = readSettings('keys', path)
  const result = keysSchema.safeParse(json)
  if (!result.success) {
    const [{ path: at, message }] = result.error.issues
    throw refuse(`${at.join('.') || 'it'}: ${message}`)
  }
  const names = result.data.tenants.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw refuse(`there are two tenants '${twice}'`)
  return result.data.tenants.flatMap(({ name, sha256, limits, operator }) => {
    const given = Object.entries(limits).filter(([, value]) => value !== undefined)
    const tenant = { name, limits: Object.fromEntries(given), operator }
    return sha256.map((hash) => ({ sha256: Buffer.from(hash, 'hex'), tenant }))
  })
}
