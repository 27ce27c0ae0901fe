import { generate, Reader } from '@ttt-e2e/ttt-inner'
import { readInto } from '../ask-memory'
import type { ReaderContext } from '../probe'
import { Judge } from './judge'

export interface DecodeSizes {
  /** Held-out documents that are gone on with. */
  documents: number
  /** Bytes that are read of each, and generated after them. */
  prompt: number
  generated: number
  /** Bytes of training text that the judge counts. */
  judged: number
}

export interface Decoded {
  /** The judge's nats of the prompt's end and of what was generated [2 × generated]; of the book itself in its place. */
  nats: number[]
  original: number[]
  /** Different groups of four bytes among all that were generated: little where a text repeats itself. */
  variety: number
}

/** As published. */
const sampling = { temperature: 1, topP: 0.95, repetitionPenalty: 1.1 }

/** Has a system go on with held-out texts, learning from what it writes where it learns, and the judge score it. */
export async function measureDecode(context: ReaderContext<DecodeSizes>): Promise<Decoded[]> {
  const { benchmark, sizes, signal, onProgress } = context
  const judge = await judgeOf(context)
  const documents = benchmark.task.heldOut.slice(0, sizes.documents)
  const measured: Decoded[] = []
  for (const [n, { tokens }] of documents.entries()) {
    const prompt = tokens.subarray(0, sizes.prompt)
    const reader: Reader = await readInto(context, prompt)
    const written: number[] = []
    try {
      const options = { ...sampling, prompt, maxTokens: sizes.generated, seed: n, learn: true, signal }
      for await (const token of generate(reader, options)) written.push(token)
    } finally {
      reader.dispose()
    }
    signal.throwIfAborted()
    const scored = (text: Iterable<number>) => Array.from(judge.nats([...text]).slice(-2 * sizes.generated))
    measured.push({
      nats: scored([...prompt, ...written]),
      original: scored(tokens.subarray(0, sizes.prompt + sizes.generated)),
      variety: varietyOf(written),
    })
    onProgress('writes on', n + 1, documents.length)
  }
  return measured
}

/** What the judge's training text is drawn with: not the seed of any run. */
const judgeSeed = 0x1d6e

async function judgeOf({ benchmark, sizes, signal }: ReaderContext<DecodeSizes>): Promise<Judge> {
  const judge = new Judge()
  let counted = 0
  for await (const { tokens, batch, length } of benchmark.task.stream({ seed: judgeSeed, signal })) {
    for (let row = 0; row < batch && counted < sizes.judged; row++) {
      judge.learn(tokens.subarray(row * (length + 1), (row + 1) * (length + 1)))
      counted += length + 1
    }
    if (counted >= sizes.judged) break
  }
  return judge
}

function varietyOf(written: readonly number[]): number {
  const groups = written.slice(3).map((_, i) => written.slice(i, i + 4).join(' '))
  return groups.length === 0 ? 1 : new Set(groups).size / groups.length
}
