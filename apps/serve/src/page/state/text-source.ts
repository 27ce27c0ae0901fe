import { GivenError } from './problems'
import type { Place } from './page-state'

/** A text that someone wants to be read. */
export interface TextSource {
  name: string
  content: Blob
  /** Where it was given. */
  place: Place
}

/** Characters of a pasted text that are its name. */
const nameLength = 40

export const ofFile = (file: File): TextSource => ({ name: file.name, content: file, place: 'file' })

export function ofPasted(text: string): TextSource {
  const beginning = text.trim().replace(/\s+/g, ' ')
  const name = [...beginning].slice(0, nameLength).join('')
  const content = text.trim() === '' ? '' : text
  return {
    name: name.length < beginning.length ? `${name}…` : name,
    content: new Blob([content]),
    place: 'text',
  }
}

/** A text at an address of this machine. @throws GivenError for another's, or where nothing can be read there */
export async function ofAddress(given: string): Promise<TextSource> {
  const refuse = (why: string) => new GivenError('address', why)
  const url = addressOf(given.trim())
  if (!url) throw refuse('This is no address. Write one of this machine, as http://localhost:3000/book.txt.')
  if (url.protocol === 'file:')
    throw refuse('A page may not open files by their address: choose the file instead.')
  const isHere =
    url.origin === location.origin ||
    (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1)$/.test(url.hostname))
  if (!isHere)
    throw refuse(
      `${url.host} is another machine. Only addresses of this one are read, as http://localhost:3000/book.txt.`,
    )
  const answer = await fetch(url, { credentials: 'omit', redirect: 'error' }).catch(() => {
    throw refuse(
      `${url.host} gave nothing: no one answers there, or it doesn’t let this page read it (Access-Control-Allow-Origin).`,
    )
  })
  if (!answer.ok) throw refuse(`${url.host} has nothing at this address: it answers ${answer.status}.`)
  return {
    name: nameOf(url),
    content: await answer.blob(),
    place: 'address',
  }
}

/** @returns undefined for what is no address of a text; one may be written without http:// or as a path of this server */
function addressOf(given: string): URL | undefined {
  const scheme = /^([a-z][a-z\d+.-]*):(?!\d)/i.exec(given)?.[1].toLowerCase()
  if (given === '' || (scheme !== undefined && !['http', 'https', 'file'].includes(scheme))) return undefined
  const whole = /^[\w.-]+:\d/.test(given) ? `http://${given}` : given
  return URL.canParse(whole, location.href) ? new URL(whole, location.href) : undefined
}

function nameOf({ pathname, host }: URL): string {
  const last = pathname.split('/').at(-1) || host
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
