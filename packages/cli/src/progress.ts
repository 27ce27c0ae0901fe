import { createLogUpdate } from 'log-update'

const plainEveryMilliseconds = 10_000

/** What a person sees while it runs: lines that stay and, on a terminal, one that is rewritten. */
export class Progress {
  private readonly live: ReturnType<typeof createLogUpdate> | undefined
  private shownAt = -Infinity

  /** @param silent for ranks that leave it to the first one */
  constructor(
    private readonly stream: NodeJS.WriteStream = process.stdout,
    private readonly silent = false,
  ) {
    // A terminal without a size, as some recorders have, shows nothing of a line that is rewritten.
    const rewritable = stream.isTTY && stream.columns > 0 && stream.rows > 0
    this.live = rewritable ? createLogUpdate(stream, { showCursor: true }) : undefined
  }

  /** A line that stays. */
  print(text = ''): void {
    if (this.silent) return
    this.live?.clear()
    this.stream.write(`${text}\n`)
  }

  /** The line of the moment: rewritten on a terminal, elsewhere printed now and then. */
  update(text: string): void {
    if (this.silent) return
    const now = performance.now()
    if (now - this.shownAt < (this.live ? 100 : plainEveryMilliseconds)) return
    this.shownAt = now
    if (this.live) this.live(text)
    else this.stream.write(`${text}\n`)
  }

  /** A line that stays, among the errors. */
  complain(text: string): void {
    this.clear()
    if (!this.silent) process.stderr.write(`${text}\n`)
  }

  clear(): void {
    this.live?.clear()
  }
}
