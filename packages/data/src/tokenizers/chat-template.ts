import { DataError } from '../data-error'
import type { Tokenizer } from './tokenizer'

/** What else templates may read of a message, as calls of tools, stands beside. */
export interface ChatMessage {
  role: string
  content: string
  [field: string]: unknown
}

export interface ChatOptions {
  /** Whether it ends where the assistant's answer begins; yes where left out. */
  addGenerationPrompt?: boolean
  /** Descriptions of functions, for templates that have a place for them. */
  tools?: readonly unknown[]
}

/**
 * A conversation as the text that the model was trained on; `encode` it with `special`.
 *
 * @throws DataError for a tokenizer without a template, or what its template refuses
 */
export async function renderChat(
  {
    chatTemplate,
    bosToken,
    endTokens = [],
    decode,
  }: Pick<Tokenizer, 'chatTemplate' | 'bosToken' | 'endTokens' | 'decode'>,
  messages: readonly ChatMessage[],
  { addGenerationPrompt = true, tools }: ChatOptions = {},
): Promise<string> {
  if (chatTemplate === undefined)
    throw new DataError('this model has no chat template: it was not trained on conversations')
  const { Template } = await import('@huggingface/jinja')
  try {
    return new Template(chatTemplate).render({
      messages: [...messages],
      add_generation_prompt: addGenerationPrompt,
      ...(tools && { tools }),
      // Whoever reads the text puts BOS before it, once.
      bos_token: bosToken === undefined ? '' : decode([bosToken]),
      eos_token: endTokens.length > 0 ? decode(endTokens.slice(0, 1)) : '',
    })
  } catch (error) {
    throw new DataError(`the chat template can't render this conversation: ${(error as Error).message}`)
  }
}
