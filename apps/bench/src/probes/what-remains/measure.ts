import { readBooks, stackReach, type Tokenizer } from '@ttt-e2e/data'
import type { Reader } from '@ttt-e2e/ttt-inner'
import { ask, readInto } from '../ask-memory'
import { mean, sum } from '../mean'
import type { ReaderContext } from '../probe'
import type { Benchmark } from '../../tasks/benchmark'
import { codecOf } from '../text-of'
import { namesOf, statementsOf, type Statement } from './statements'

export interface RemainsSizes {
  /** Held-out documents that are read. */
  documents: number
  /** Passages and statements that are asked about, of each. */
  passages: number
  statements: number
}

/** What is asked of a memory, from word for word to the general; nats less than with the memory of another text. */
export const questions = ['passage', 'statement', 'continuation', 'style'] as const

export type Question = (typeof questions)[number]

/** Of one document, by question: what its own memory gives and what that of another text gives. */
export interface Remains {
  /** Nats per byte, or token; of statements those per character, the false one's less the true one's. Absent where nothing could be asked. */
  nats: Partial<Record<Question, { own: number; another: number }>>
  /** Bytes, or tokens, of passages that were likelier than not, and statements of which the true one was likelier. */
  right: Partial<Record<'passage' | 'statement', { own: number; another: number; of: number }>>
}

const [cueLength, passageLength, continuationLength, styleLength] = [32, 64, 128, 256]

/** Tokens of a document that are asked about: one passage, and what follows. */
export const askedLength = cueLength + passageLength + continuationLength

/** How much of a document is read, and how far back the windows then see. */
function readingOf({ recipe: { size, training, evaluation }, given }: Benchmark) {
  if (!given) return { read: Math.floor(0.75 * training.length), reach: stackReach(size.layers, size.window) }
  const { reach } = given
  return { read: evaluation.length - reach - continuationLength, reach }
}

export async function measureRemains(context: ReaderContext<RemainsSizes>): Promise<Remains[]> {
  const { benchmark, sizes, onProgress } = context
  const documents = benchmark.task.heldOut.slice(0, sizes.documents)
  const { read, reach } = readingOf(benchmark)
  const codec = codecOf(benchmark)
  const memories: Reader[] = []
  try {
    for (const { tokens } of documents) memories.push(await readInto(context, tokens.subarray(0, read)))
    const names = documents.map(({ tokens }) => namesOf(codec.textOf(tokens)))
    const measured: Remains[] = []
    for (const [n, { id, tokens }] of documents.entries()) {
      const another = (n + 1) % documents.length
      const pair = [memories[n], memories[another]] as const
      // What no window of the stack can see any more.
      const gone = tokens.subarray(0, Math.max(cueLength + passageLength, read - reach))
      const others = names.flatMap((each, m) => (m === n ? [] : each))
      const passages = await passagesOf(pair, gone, sizes.passages)
      const statements = await statementsAsked(pair, statementsOf(gone, others, sizes.statements, codec))
      measured.push({
        nats: {
          passage: passages.nats,
          ...(statements && { statement: statements.nats }),
          continuation: await continuationOf(pair, tokens.subarray(read), reach),
          ...(await styleOf(pair, id, documents[another].id, reach, codec.tokenizer)),
        },
        right: { passage: passages.right, ...(statements && { statement: statements.right }) },
      })
      onProgress('asks what remains', n + 1, documents.length)
    }
    return measured
  } finally {
    for (const memory of memories) memory.dispose()
  }
}

type Pair = readonly [own: Reader, another: Reader]

const of = ([own, another]: readonly number[]) => ({ own, another })

/** Passages that were read, after a cue of their first bytes. */
async function passagesOf(pair: Pair, gone: Int32Array, count: number) {
  const length = cueLength + passageLength
  const most = Math.max(1, Math.min(count, Math.floor(gone.length / length)))
  const space = most === 1 ? 0 : (gone.length - length) / (most - 1)
  const nats: number[] = []
  const right: number[] = []
  for (const memory of pair) {
    const losses: number[] = []
    for (let k = 0; k < most; k++) {
      const at = Math.floor(k * space)
      const cue = gone.subarray(at, at + cueLength)
      losses.push(...(await ask(memory, cue, gone.subarray(at + cueLength, at + length))))
    }
    nats.push(mean(losses))
    right.push(losses.filter((loss) => loss < Math.LN2).length)
  }
  return { nats: of(nats), right: { ...of(right), of: most * passageLength } }
}

async function statementsAsked(pair: Pair, statements: readonly Statement[]) {
  if (statements.length === 0) return undefined
  const nats: number[] = []
  const right: number[] = []
  for (const memory of pair) {
    const margins: number[] = []
    for (const { cue, isTrue, isFalse, length } of statements)
      margins.push(
        sum(await ask(memory, cue, isFalse)) / length - sum(await ask(memory, cue, isTrue)) / length,
      )
    nats.push(mean(margins))
    right.push(margins.filter((margin) => margin > 0).length)
  }
  return { nats: of(nats), right: { ...of(right), of: statements.length } }
}

/** What follows the text that was read, once the windows see nothing of it any more. */
async function continuationOf(pair: Pair, rest: Int32Array, reach: number) {
  const cue = rest.subarray(0, reach)
  const text = rest.subarray(reach, reach + continuationLength)
  return of(await inTurn(pair, async (memory) => mean(await ask(memory, cue, text, { learn: true }))))
}

/** Another text of the same author, where one is known whose memory the other isn't. */
async function styleOf(pair: Pair, id: string, anotherId: string, reach: number, tokenizer: Tokenizer) {
  const author = authorOf(id)
  if (author === undefined || author === authorOf(anotherId)) return {}
  const text = booksOnce(tokenizer).find((book) => authorOf(book.id) === author && book.id !== id)?.tokens
  if (!text || text.length < reach + styleLength) return {}
  const [cue, scored] = [text.slice(0, reach), text.slice(reach, reach + styleLength)].map((part) =>
    Int32Array.from(part),
  )
  return {
    style: of(await inTurn(pair, async (memory) => mean(await ask(memory, cue, scored, { learn: true })))),
  }
}

async function inTurn(pair: Pair, measure: (memory: Reader) => Promise<number>): Promise<number[]> {
  return [await measure(pair[0]), await measure(pair[1])]
}

/** `sotu/1862-lincoln` and `moby-dick/chapter-12` say whose they are; other texts don't. */
const authorOf = (id: string): string | undefined => {
  if (id.startsWith('moby-dick/')) return 'melville'
  return /^sotu\/\d+-(.+)$/.exec(id)?.[1]
}

let books: { tokenizer: Tokenizer; documents: ReturnType<typeof readBooks>['documents'] } | undefined

function booksOnce(tokenizer: Tokenizer) {
  if (books?.tokenizer !== tokenizer) books = { tokenizer, documents: readBooks(tokenizer).documents }
  return books.documents
}
