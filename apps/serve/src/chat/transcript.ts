import { DataError, transcriptOf as written, type Tokenizer, type Transcript } from '@ttt-e2e/data'
import { ApiError } from '../http/api-error'
import type { Message } from './message'

/** Whether a model's template has a place for descriptions of tools. */
export const takesTools = ({ chatTemplate }: Pick<Tokenizer, 'chatTemplate'>): boolean =>
  chatTemplate?.includes('tools') ?? false

/**
 * A conversation as the text that the model reads.
 *
 * @throws ApiError 400 with the template's own words where it refuses the conversation
 */
export async function transcriptOf(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  tools?: readonly unknown[],
): Promise<Transcript> {
  try {
    return await written(tokenizer, messages, { ...(tools && { tools }) })
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    throw new ApiError(400, 'refused_by_template', `messages: ${error.message}`, 'messages')
  }
}
