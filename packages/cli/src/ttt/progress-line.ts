import { counted } from '@ttt-e2e/tensor-ops/counted'
import { formatCount, formatDuration } from '../format'
import type { ReadingProgress } from './memories'

const width = 24

/** How far a text was read, as one line: a bar where its length is known, tokens, the mean loss so far, time left. */
export class ProgressLine {
  private nats = 0
  private predicted = 0
  private tokens = 0
  private readonly since = performance.now()

  /** @param total bytes of the text, where they are known */
  constructor(private readonly total?: number) {}

  /** Mean nats per token of all that was read so far; null before anything was predicted. */
  get loss(): number | null {
    return this.predicted > 0 ? this.nats / this.predicted : null
  }

  update({ tokens, bytes, loss }: ReadingProgress): string {
    const read = tokens - this.tokens
    this.tokens = tokens
    if (loss !== null && read > 0) {
      this.nats += loss * read
      this.predicted += read
    }
    const part = bytes !== undefined && this.total ? Math.min(1, bytes / this.total) : undefined
    const seconds = (performance.now() - this.since) / 1000
    return [
      ...(part === undefined ? [] : [bar(part), `${Math.floor(100 * part)} %`]),
      counted(tokens, 'token', { as: formatCount(tokens) }),
      ...(this.loss === null ? [] : [`loss ${this.loss.toFixed(3)}`]),
      ...(part ? [`${formatDuration((seconds * (1 - part)) / part)} left`] : []),
    ].join('  ')
  }
}

function bar(part: number): string {
  const full = Math.round(width * part)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
