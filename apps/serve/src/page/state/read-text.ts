import type { MemoryAnswer, TextToRead } from '../api/api-client'
import { client } from './client'
import { announce, asName, choose, refreshMemories } from './memories'
import { state, type KnownText, type Reading, type Stretch } from './page-state'
import { GivenError, trying } from './problems'
import type { TextSource } from './text-source'
import { tokenEnds } from './token-ends'

/** Bytes that are sent at once: a browser shows an answer only after all of its request was sent. */
const pieceBytes = 2 ** 17
/** Characters of a text that are kept to be looked at. */
const keptCharacters = 60_000
/** Seconds for which a memory stays as it was before a text. */
const keptSeconds = 86_400

interface HowToRead {
  /** The memory that reads it; a new one where left out. */
  into: MemoryAnswer | undefined
  /** Whether to learn from it. */
  learn: boolean
}

/** Reads a text into a memory; whole or not at all. @returns whether it was read */
export async function readText(source: TextSource, { into, learn }: HowToRead): Promise<boolean> {
  const stopping = new AbortController()
  const isRead = await trying(source.place, async () => {
    if (source.content.size === 0)
      throw new GivenError(
        source.place,
        source.place === 'text'
          ? 'There is nothing to read yet: paste a text here, or choose a file.'
          : `${source.name} is empty: choose another one.`,
      )
    const before = into && (await keepAsIs(into, source.name))
    /** What was written to, until all is read. */
    let written: string | undefined
    const undo = async () => {
      if (into && before) {
        if (written) await client.reset(into.id, before.id)
        await client.forget(before.id)
      } else if (written) await client.forget(written)
    }
    try {
      const known: KnownText = { name: source.name, text: '', ends: [], stretches: [] }
      window.addEventListener('beforeunload', stay)
      state.reading.value = beginReading(source, into, () => stopping.abort())
      for await (const piece of piecesOf(source)) {
        const to = written ?? into?.id
        const memory = await readPiece(
          { ...piece, learn },
          known,
          to ? { id: to } : { name: asName(source.name) },
          stopping.signal,
        )
        written = memory.id
      }
      await refreshMemories()
      remember(written!, known)
      if (isWatched(into)) choose(written, 'history')
      announce(`${source.name} was read.`, async () => {
        await undo()
        forgetText(written!)
        if (state.chosen.value === written) choose(into?.id)
      })
    } catch (error) {
      // As before: a text that wasn't read whole leaves nothing.
      await undo().catch(() => {})
      await refreshMemories().catch(() => {})
      throw error
    }
  })
  state.reading.value = undefined
  window.removeEventListener('beforeunload', stay)
  if (stopping.signal.aborted) announce(`${source.name} was not read to its end: nothing of it is kept.`)
  return isRead
}

/** A browser asks before it closes a page that says this: a long text would be left half read. */
const stay = (event: Event) => event.preventDefault()

/** Whether how the text is read is what is looked at. */
const isWatched = (into: MemoryAnswer | undefined): boolean =>
  state.chosen.value === into?.id && (!into || state.tab.value === 'more')

/** A fork, to which a memory can be put back for a day. */
async function keepAsIs(memory: MemoryAnswer, text: string): Promise<MemoryAnswer> {
  const copy = await client.fork(memory.id, asName(`Before ${text}`))
  return client.configure(copy.id, { ttl_seconds: keptSeconds })
}

const beginReading = (source: TextSource, into: MemoryAnswer | undefined, stop: () => void): Reading => ({
  name: source.name,
  into,
  done: 0,
  tokens: into?.tokens ?? 0,
  steps: into?.steps ?? 0,
  stretches: [],
  started: performance.now(),
  stop,
})

/** A text in pieces, as it is sent. @throws GivenError where it is no text */
async function* piecesOf({ content, name, place }: TextSource): AsyncGenerator<PieceOfText, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let start = 0; start < content.size; start += pieceBytes) {
    const end = Math.min(start + pieceBytes, content.size)
    let text: string
    try {
      text = decoder.decode(await content.slice(start, end).arrayBuffer(), { stream: end < content.size })
    } catch {
      throw new GivenError(place, `${name} is not text in UTF-8. Save it as UTF-8, and choose it again.`)
    }
    if (text !== '') yield { text, from: start / content.size, to: end / content.size }
  }
}

interface PieceOfText {
  text: string
  /** The share of the whole that is before it, and that is read at its end. */
  from: number
  to: number
}

/** Reads a piece, and shows how it goes. @param known to which it is added */
async function readPiece(
  { text, from, to, learn }: PieceOfText & TextToRead,
  known: KnownText,
  target: { id: string } | { name: string },
  signal: AbortSignal,
): Promise<MemoryAnswer> {
  const tokens = await client.tokens(text, signal)
  const earlier = known.stretches.at(-1)?.end ?? 0
  if (known.text.length < keptCharacters) keep(known, text, tokens)
  for await (const message of client.read({ text, learn }, target, signal)) {
    if (message.object === 'memory') return message
    const { tokens_read: read, loss } = message
    const stretches = known.stretches as Stretch[]
    if (loss !== null && earlier + read > (stretches.at(-1)?.end ?? 0))
      stretches.push({ end: earlier + read, loss })
    state.reading.value = {
      ...state.reading.value!,
      done: from + (to - from) * Math.min(1, read / Math.max(1, tokens.length)),
      tokens: message.tokens,
      steps: message.steps,
      stretches: [...stretches],
    }
  }
  throw new GivenError(
    'memories',
    'The server ended before all was read. See whether it still runs, and try again.',
  )
}

function keep(known: KnownText, text: string, tokens: readonly string[]): void {
  const begun = known.text.length
  const kept = text.slice(0, keptCharacters - begun)
  const ends = tokenEnds(text, tokens).filter((end) => end <= kept.length)
  known.text += kept
  known.ends = [...known.ends, ...ends.map((end) => begun + end)]
}

function remember(id: string, text: KnownText): void {
  state.texts.value = { ...state.texts.value, [id]: [...(state.texts.value[id] ?? []), text] }
}

function forgetText(id: string): void {
  state.texts.value = { ...state.texts.value, [id]: (state.texts.value[id] ?? []).slice(0, -1) }
}
