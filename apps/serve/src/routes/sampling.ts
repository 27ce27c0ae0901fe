import { randomInt } from 'node:crypto'
import type { CompletionOptions } from '../scheduler/complete'
import type { CompletionRequest } from '../scheduler/run-completion'
import type { Service } from '../service'
import { checkTokenIds } from './prompts'
import type { SamplingBody } from './sampling-schema'

/** What the fields ask for. @throws ApiError 400 for a bias of a token that the model doesn't have */
export function samplingOf(
  service: Service,
  body: Omit<SamplingBody, 'n' | 'stream_options'>,
): Omit<CompletionOptions, 'maxTokens'> & Pick<CompletionRequest, 'learnPrompt' | 'memory' | 'update'> {
  checkTokenIds(service, Object.keys(body.logit_bias ?? {}).map(Number), 'logit_bias')
  return {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: Math.max(0, body.top_k ?? 0),
    minP: body.min_p ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    logitBias: body.logit_bias ?? {},
    seed: body.seed ?? randomInt(2 ** 32),
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
    ignoreEnd: body.ignore_eos ?? false,
    learn: body.learn ?? false,
    learnPrompt: body.learn_prompt ?? true,
    ...(typeof body.memory === 'string' && { memory: body.memory, update: body.update ?? false }),
  }
}
