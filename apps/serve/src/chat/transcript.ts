import { DataError, renderChat, type Tokenizer } from '@ttt-e2e/data'
import { ApiError } from '../http/api-error'
import type { Message } from './message'

/** A conversation as the text that a model reads. */
export interface Transcript {
  text: string
  /** Whether names of special tokens in it stand for these tokens: a template of the model's own wrote them. */
  special: boolean
  /** Where an answer ends, beside what the request says. */
  stop: readonly string[]
}

/** Whether a model's template has a place for descriptions of tools. */
export const takesTools = ({ chatTemplate }: Pick<Tokenizer, 'chatTemplate'>): boolean =>
  chatTemplate?.includes('tools') ?? false

/**
 * Writes a conversation as the model's template does, up to where the assistant is to answer. A model without a template
 * gets one message a paragraph, `role: content`, and its answer ends where another role would speak.
 *
 * @throws ApiError 400 with the template's own words where it refuses the conversation
 */
export async function transcriptOf(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  tools?: readonly unknown[],
): Promise<Transcript> {
  if (tokenizer.chatTemplate === undefined) {
    const paragraphs = messages.map(({ role, content }) => `${role}: ${content}\n\n`)
    return { text: `${paragraphs.join('')}assistant:`, special: false, stop: roleBeginnings }
  }
  try {
    const text = await renderChat(tokenizer, messages, { ...(tools && { tools }) })
    return { text, special: true, stop: [] }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    throw new ApiError(400, 'refused_by_template', `messages: ${error.message}`, 'messages')
  }
}

const roleBeginnings = ['system', 'user', 'tool'].map((role) => `\n${role}:`)
