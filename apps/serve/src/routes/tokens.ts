import { createRoute, z } from '@hono/zod-openapi'
import { messageOf, messageSchema } from '../chat/message'
import { transcriptOf } from '../chat/transcript'
import { receiveJson } from '../http/receive-body'
import { tokenId } from '../openapi/model-terms'
import { nothing, rule } from '../openapi/rules'
import type { AddRoutes } from './add-routes'
import { checkModel } from './check-model'
import { flag, optional } from './fields'
import { neutralFields } from './neutral-fields'
import { checkTokenIds } from './prompts'
import { failures } from './schemas'

const model = optional(z.string('must be a string'))
const tokenizeSchema = z
  .strictObject({
    model,
    prompt: optional(z.string('must be a string')),
    messages: optional(z.array(messageSchema, 'must be an array of messages')),
    add_special_tokens: optional(flag()).openapi({
      description:
        'Whether a text begins with the mark that the model’s documents begin with; true where left out',
    }),
    add_generation_prompt: optional(flag()),
    return_token_strs: optional(flag()),
    continue_final_message: neutralFields.continue_final_message,
    chat_template_kwargs: neutralFields.chat_template_kwargs,
    mm_processor_kwargs: neutralFields.mm_processor_kwargs,
  })
  .refine((body) => (body.messages == null) !== (body.prompt == null) || body.prompt === '', {
    path: ['prompt'],
    message: 'either a prompt or messages must be given',
  })
  .openapi('TokenizeRequest', {
    anyOf: [
      rule({ required: ['prompt'], properties: { prompt: { type: 'string' }, messages: nothing } }),
      rule({
        required: ['messages'],
        properties: { messages: { type: 'array', minItems: 1 }, prompt: nothing },
      }),
    ],
  })

const tokenizedSchema = z
  .object({
    count: z.int(),
    max_model_len: z.null().openapi({ description: 'There is no limit to what is read' }),
    tokens: z.array(z.int()),
    token_strs: z.array(z.string()).optional(),
  })
  .openapi('Tokenized')

const detokenizeSchema = z
  .strictObject({
    model,
    tokens: optional(
      z.array(z.int('must be token ids').min(0, 'must be token ids').openapi({ format: tokenId })),
    ),
  })
  .openapi('DetokenizeRequest')

const infoSchema = z
  .object({
    tokenizer_class: z.string(),
    vocab_size: z.int(),
    bos_token: z.string().nullable(),
    eos_token: z.string().nullable(),
    pad_token: z.string().nullable(),
    chat_template: z.string().nullable(),
  })
  .openapi('TokenizerInfo')

/** Texts as tokens and back, as vLLM answers them. */
export const addTokens: AddRoutes = (app, { service, limits }) => {
  const middleware = [receiveJson(limits)]
  const tokenize = createRoute({
    method: 'post',
    path: '/tokenize',
    operationId: 'tokenize',
    summary: 'The tokens of a text or of a conversation',
    middleware,
    request: { body: { required: true, content: { 'application/json': { schema: tokenizeSchema } } } },
    responses: {
      200: { description: 'Them', content: { 'application/json': { schema: tokenizedSchema } } },
      ...failures,
    },
  })
  app.openapi(tokenize, async (c) => {
    const served = service(c)
    const body = c.req.valid('json')
    checkModel(served, body.model)
    const { tokenizer, documentsBeginWithBos } = served.scheduler.model
    const transcript = body.messages && (await transcriptOf(tokenizer, body.messages.map(messageOf)))
    const special = transcript?.special ?? false
    const text = [...tokenizer.encode(transcript?.text ?? body.prompt ?? '', { special })]
    const begins = (body.add_special_tokens ?? true) && documentsBeginWithBos
    const tokens = begins && tokenizer.bosToken !== undefined ? [tokenizer.bosToken, ...text] : text
    const strings = { token_strs: tokens.map((token) => tokenizer.decode([token])) }
    return c.json(
      { count: tokens.length, max_model_len: null, tokens, ...(body.return_token_strs && strings) },
      200,
    )
  })

  const detokenize = createRoute({
    method: 'post',
    path: '/detokenize',
    operationId: 'detokenize',
    summary: 'The text of tokens',
    middleware,
    request: { body: { content: { 'application/json': { schema: detokenizeSchema } } } },
    responses: {
      200: {
        description: 'It',
        content: { 'application/json': { schema: z.object({ prompt: z.string() }) } },
      },
      ...failures,
    },
  })
  app.openapi(detokenize, (c) => {
    const served = service(c)
    const { tokens, model: asked } = c.req.valid('json')
    checkModel(served, asked)
    checkTokenIds(served, tokens ?? [], 'tokens')
    return c.json({ prompt: served.scheduler.model.tokenizer.decode(tokens ?? []) }, 200)
  })

  const info = createRoute({
    method: 'get',
    path: '/tokenizer_info',
    operationId: 'tokenizerInfo',
    summary: 'What the tokenizer is',
    responses: {
      200: { description: 'It', content: { 'application/json': { schema: infoSchema } } },
      ...failures,
    },
  })
  app.openapi(info, (c) => {
    const { name, vocabularySize, chatTemplate } = service(c).scheduler.model.tokenizer
    const none = { bos_token: null, eos_token: null, pad_token: null }
    return c.json(
      { tokenizer_class: name, vocab_size: vocabularySize, ...none, chat_template: chatTemplate ?? null },
      200,
    )
  })
}
