import type { Memory, Model } from '@ttt-e2e/checkpoint'
import { transcriptOf, type ChatMessage } from '@ttt-e2e/data'
import type { AnswerOptions, Conversation } from '../memories'
import { answer, readText } from './answer'

/** A conversation in this process: what was read of it stays read, as long as its text goes on as it began. */
export class FolderConversation implements Conversation {
  private messages: ChatMessage[] = []
  private read: { text: string; memory: Memory }

  /** @param start owned from here on */
  constructor(
    private readonly model: Model,
    private readonly start: Memory,
  ) {
    this.read = { text: '', memory: start.fork() }
  }

  async *say(text: string, options: AnswerOptions): AsyncGenerator<string, void, void> {
    const asked = [...this.messages, { role: 'user', content: text }]
    const transcript = await transcriptOf(this.model.tokenizer, asked)
    const { special, stop } = transcript
    const goesOn = transcript.text.startsWith(this.read.text)
    const memory = (goesOn ? this.read.memory : this.start).fork()
    const rest = goesOn ? transcript.text.slice(this.read.text.length) : transcript.text
    try {
      await readText(this.model, memory, rest, { special, signal: options.signal })
    } catch (error) {
      memory.dispose()
      throw error
    }
    // What an answer leaves behind belongs to it: the template may write it otherwise.
    const answering = memory.fork()
    let [content, whole] = ['', false]
    try {
      for await (const piece of answer(this.model, answering, { stop, trims: !special }, options)) {
        content += piece
        yield piece
      }
      whole = !options.signal.aborted
    } finally {
      answering.dispose()
      // An answer that was broken off is as if nothing had been asked.
      if (whole) {
        this.read.memory.dispose()
        this.read = { text: transcript.text, memory }
        this.messages = [...asked, { role: 'assistant', content }]
      } else memory.dispose()
    }
  }

  dispose(): void {
    this.read.memory.dispose()
    this.start.dispose()
  }
}
