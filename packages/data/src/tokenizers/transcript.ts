import { renderChat, type ChatMessage, type ChatOptions } from './chat-template'
import type { Tokenizer } from './tokenizer'

/** A conversation as the text that a model reads. */
export interface Transcript {
  text: string
  /** Whether names of special tokens in it stand for these tokens: a template of the model's own wrote them. */
  special: boolean
  /** Where an answer ends, beside where the model ends it. */
  stop: readonly string[]
}

/**
 * Writes a conversation as the model's template does, up to where the assistant is to answer. A model without a template
 * gets one message a paragraph, `role: content`, and its answer ends where another role would speak; the blank that it
 * begins with is none of it.
 *
 * @throws DataError with the template's own words where it refuses the conversation
 */
export async function transcriptOf(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  { tools }: Pick<ChatOptions, 'tools'> = {},
): Promise<Transcript> {
  if (tokenizer.chatTemplate === undefined) {
    const paragraphs = messages.map(({ role, content }) => `${role}: ${content}\n\n`)
    return { text: `${paragraphs.join('')}assistant:`, special: false, stop: roleBeginnings }
  }
  return { text: await renderChat(tokenizer, messages, { ...(tools && { tools }) }), special: true, stop: [] }
}

const roleBeginnings = ['system', 'user', 'tool'].map((role) => `\n${role}:`)
