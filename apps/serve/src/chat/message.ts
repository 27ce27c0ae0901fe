import { z } from '@hono/zod-openapi'

const roles = ['system', 'developer', 'user', 'assistant', 'tool'] as const

const textPart = z.looseObject({ type: z.enum(['text', 'input_text', 'output_text']), text: z.string() })
const contentError = 'must be a string or parts of type text: nothing else is read here'
const contentSchema = z.union([z.string(), z.array(textPart)], contentError)

const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})

/** A message of a conversation, as clients of OpenAI write it; what else they say of it changes nothing. */
export const messageSchema = z
  .looseObject(
    {
      role: z.enum(roles, `must be one of ${roles.join(', ')}`),
      content: contentSchema.nullish(),
      name: z.string('must be a string').nullish(),
      tool_calls: z.array(toolCall, 'must be an array of calls of functions').nullish(),
      tool_call_id: z.string('must be a string').nullish(),
    },
    'must be an object',
  )
  .openapi('Message')

export type MessageBody = z.infer<typeof messageSchema>

/** A message whose text is one string. */
export interface Message {
  role: string
  content: string
  [field: string]: unknown
}

/** @returns the message with its parts as one text; a developer is what templates call the system */
export function messageOf({ role, content, ...rest }: MessageBody): Message {
  const text = typeof content === 'string' ? content : (content ?? []).map((part) => part.text).join('')
  return { ...rest, role: role === 'developer' ? 'system' : role, content: text }
}
