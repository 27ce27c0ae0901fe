import { stackReach } from '@ttt-e2e/data'
import type { Benchmark } from '../../tasks/benchmark'
import { ask, readInto } from '../ask-memory'
import { mean } from '../mean'
import type { ReaderContext } from '../probe'
import { codecOf } from '../text-of'
import { Notepad } from './notepad'

export interface NotepadSizes {
  /** Held-out documents that are read. */
  documents: number
  /** How much of each is read, in training lengths. */
  trainingLengths: number
  /** Passages that are asked for, and pieces of what follows, of each. */
  details: number
  pieces: number
}

export const ways = ['neither', 'notepad', 'brain', 'both'] as const

export type Way = (typeof ways)[number]

/** Of one document, mean nats per byte by the way it was kept; of a system that doesn't learn there is no brain. */
export interface Kept {
  details: Partial<Record<Way, number>>
  loss: Partial<Record<Way, number>>
}

const [cueLength, askedLength] = [32, 32]

/** Tokens of a document that are asked about: one passage, and what follows. */
export const askedBeside = ({ pieces }: NotepadSizes): number => cueLength + askedLength * (1 + pieces)

/** How far back the windows see, and how much of a document is read at the most. */
function readingOf({ recipe: { size, training }, given }: Benchmark, { trainingLengths }: NotepadSizes) {
  if (given) return { reach: given.reach, most: Infinity }
  return { reach: stackReach(size.layers, size.window), most: Math.floor(trainingLengths * training.length) }
}

/**
 * Keeps a book by looking up passages of it into the window, by learning it, both ways and neither, and asks for details
 * of it and for what follows.
 */
export async function measureNotepad(context: ReaderContext<NotepadSizes>): Promise<Kept[]> {
  const { benchmark, system, sizes, onProgress } = context
  const documents = benchmark.task.heldOut.slice(0, sizes.documents)
  const { reach, most } = readingOf(benchmark, sizes)
  const codec = codecOf(benchmark)
  const measured: Kept[] = []
  for (const [n, { tokens }] of documents.entries()) {
    const read = Math.min(most, tokens.length - sizes.pieces * askedLength)
    const book = tokens.subarray(0, read)
    const notepad = new Notepad(book.subarray(0, read - reach), cueLength + askedLength, codec)
    const kept: Kept = { details: {}, loss: {} }
    for (const learn of system.rule ? [false, true] : [false]) {
      const memory = await readInto(context, book, { learn })
      const asked = async (cue: Int32Array, text: Int32Array, looksUp: boolean) => {
        const note = looksUp ? notepad.find(cue) : undefined
        return mean(await ask(memory, note ? Int32Array.from([...note, ...cue]) : cue, text))
      }
      try {
        for (const looksUp of [false, true]) {
          const way = wayOf(looksUp, learn)
          kept.details[way] = mean(
            await inTurn(placesOf(read - reach, sizes.details), (at) => {
              const end = at + cueLength
              return asked(tokens.subarray(at, end), tokens.subarray(end, end + askedLength), looksUp)
            }),
          )
          kept.loss[way] = mean(
            await inTurn(
              Array.from({ length: sizes.pieces }, (_, k) => read + k * askedLength),
              (at) =>
                asked(tokens.subarray(at - cueLength, at), tokens.subarray(at, at + askedLength), looksUp),
            ),
          )
        }
      } finally {
        memory.dispose()
      }
    }
    measured.push(kept)
    onProgress('looks up and remembers', n + 1, documents.length)
  }
  return measured
}

const wayOf = (looksUp: boolean, learn: boolean): Way =>
  learn ? (looksUp ? 'both' : 'brain') : looksUp ? 'notepad' : 'neither'

/** Where the details begin, evenly spread over what has left the windows. */
function placesOf(length: number, count: number): number[] {
  const room = Math.max(0, length - cueLength - askedLength)
  return Array.from({ length: count }, (_, k) => Math.floor((room * (k + 0.5)) / count))
}

async function inTurn<T>(values: readonly T[], measure: (value: T) => Promise<number>): Promise<number[]> {
  const measured: number[] = []
  for (const value of values) measured.push(await measure(value))
  return measured
}
