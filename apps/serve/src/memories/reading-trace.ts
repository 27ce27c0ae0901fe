import { emptyTrace, type Passage, type ReadingTrace, type Source } from './memory-record'

/** Stretches that losses are kept of; where there are more, neighbours become one. */
const mostLosses = 256
/** Passages that are kept. */
const mostPassages = 16
/** Sources that are kept: the last ones. */
const mostSources = 256
/** Characters of a passage that are kept. */
const mostCharacters = 240

/** Keeps what reading has to tell, in a size that doesn't grow with what is read. */
export class TraceWriter {
  private readonly trace: ReadingTrace

  /** @param before what was there; it stays as it is */
  constructor(before: ReadingTrace = emptyTrace) {
    const { sources, losses, passages } = before
    this.trace = { sources: [...sources], losses: [...losses], passages: [...passages] }
  }

  loss({ from, tokens, loss }: Pick<Passage, 'from' | 'tokens' | 'loss'>): void {
    const { trace } = this
    if (loss !== null) trace.losses.push([from, tokens, loss])
    if (trace.losses.length > mostLosses) trace.losses = merged(trace.losses)
  }

  passage(passage: Passage): void {
    const { trace } = this
    if (passage.moved === 0) return
    trace.passages.push({ ...passage, text: Array.from(passage.text).slice(0, mostCharacters).join('') })
    if (trace.passages.length <= mostPassages) return
    const least = trace.passages.reduce((a, b) => (b.moved < a.moved ? b : a))
    trace.passages = trace.passages.filter((each) => each !== least)
  }

  source(source: Omit<Source, 'at'>): void {
    this.trace.sources = [...this.trace.sources, { ...source, at: new Date().toISOString() }].slice(
      -mostSources,
    )
  }

  end(): ReadingTrace {
    return this.trace
  }
}

/** Two neighbours as one, with the mean of their tokens. */
function merged(losses: ReadingTrace['losses']): ReadingTrace['losses'] {
  return losses.flatMap(([from, tokens, loss], i) => {
    if (i % 2 === 1) return []
    const next = losses[i + 1]
    if (!next) return [[from, tokens, loss]]
    const all = tokens + next[1]
    return [[from, all, (loss * tokens + next[2] * next[1]) / all]]
  })
}
