/** What a memory may be after a kill: so many tokens, or nothing. */
type State = number | 'gone'

/** A client that writes to memories of its own, and knows what it was answered. */
export class Writer {
  /** By memory: what was answered last and, of a request whose answer never came, what it may have led to. */
  private readonly memories = new Map<string, { answered: State; perhaps?: State }>()
  /** Memories that a request without an answer may have made. */
  unanswered = 0
  /** Writes that were answered. */
  answered = 0

  constructor(private readonly random: () => number) {}

  /** Writes to servers in turn, until one is gone. */
  async writeTo(urls: readonly string[]): Promise<void> {
    try {
      for (let i = 0; ; i++) await this.write(urls[i % urls.length])
    } catch (error) {
      // A socket that ends is what a kill looks like; anything else is a finding.
      if (!(error instanceof TypeError)) throw error
    }
  }

  /** @returns what isn't as it was answered */
  async check(url: string): Promise<string[]> {
    const wrong: string[] = []
    for (const [id, { answered, perhaps }] of this.memories) {
      const found = await fetch(`${url}/v1/memories/${id}`)
      const state: State = found.status === 404 ? 'gone' : (await found.json()).tokens
      if (state !== answered && state !== perhaps)
        wrong.push(`${id} is ${state}, answered was ${answered}, perhaps ${perhaps}`)
      if (state === 'gone') {
        this.memories.delete(id)
        continue
      }
      this.memories.set(id, { answered: state })
      // Its tensors are whole, too.
      const { status } = await post(`${url}/v1/completions`, { prompt: 'It', memory: id, max_tokens: 1 })
      if (status !== 200) wrong.push(`${id} can't be gone on from: ${status}`)
    }
    return wrong
  }

  get ids(): string[] {
    return [...this.memories.keys()]
  }

  private async write(url: string): Promise<void> {
    const ids = this.ids.filter((id) => this.memories.get(id)!.answered !== 'gone')
    const id = ids[Math.floor(this.random() * ids.length)]
    const what = this.random()
    const text = 'The sea. '.repeat(1 + Math.floor(this.random() * 4))
    if (id === undefined || (what < 0.3 && ids.length < 6)) return this.make(`${url}/v1/memories`, { text })
    if (what < 0.45 && ids.length < 6) return this.make(`${url}/v1/memories/${id}/fork`, {})
    const before = this.memories.get(id)!.answered as number
    const isDelete = what > 0.85
    const after: State = isDelete ? 'gone' : before + text.length
    this.memories.set(id, { answered: before, perhaps: after })
    const answer = isDelete
      ? await fetch(`${url}/v1/memories/${id}`, { method: 'DELETE' })
      : await post(`${url}/v1/memories/${id}/read`, { text })
    if (answer.status !== 200)
      throw new Error(`a write to ${id} was answered ${answer.status}: ${await answer.text()}`)
    this.answer(id, after)
  }

  private async make(url: string, body: object): Promise<void> {
    this.unanswered++
    const made = await post(url, body)
    if (made.status !== 201) throw new Error(`a memory was answered ${made.status}: ${await made.text()}`)
    const { id, tokens } = await made.json()
    this.unanswered--
    this.answer(id, tokens)
  }

  private answer(id: string, state: State): void {
    this.memories.set(id, { answered: state })
    this.answered++
  }
}

const post = (url: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
