import { MIMEType } from 'node:util'

/** What a body is read as. */
export type BodyKind = 'json' | 'text'

/**
 * What a Content-Type says, by RFC 9110: of any case, with blanks before its parameters, and of JSON's family
 * (`application/…+json`).
 *
 * @returns undefined for a type that is none, or that nobody here reads
 */
export function mediaType(header: string): { kind: BodyKind; charset?: string } | undefined {
  let parsed: MIMEType
  try {
    parsed = new MIMEType(header)
  } catch {
    return undefined
  }
  const { essence, params } = parsed
  if (/^application\/(.+\+)?json$/.test(essence)) return { kind: 'json' }
  if (essence !== 'text/plain') return undefined
  return { kind: 'text', charset: params.get('charset') ?? 'utf-8' }
}
