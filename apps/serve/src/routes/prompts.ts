import type { Service } from '../service'
import { ApiError } from '../http/api-error'
import { tokensBefore } from '../scheduler/run-completion'
import { tokensOf } from '../scheduler/read-tokens'
import type { Prompt } from '../scheduler/read-prompt'

/** The prompts of a request, each a text or token ids, which are read as they are. @throws ApiError 400 */
export async function promptsOf(
  service: Service,
  {
    prompt,
    memory,
    echo,
  }: { prompt: string | string[] | number[] | number[][]; memory?: string; echo: boolean },
): Promise<Prompt[]> {
  const { model } = service.scheduler
  const first = (await tokensBefore(service, memory)) === 0
  return listOf(prompt).map((each): Prompt => {
    if (typeof each === 'string')
      return { tokens: tokensOf(model, each, { first, param: 'prompt' }), ...(echo && { echo: each }) }
    checkTokenIds(service, each, 'prompt')
    return { tokens: Int32Array.from(each), ...(echo && { echo: model.tokenizer.decode(each) }) }
  })
}

/** @throws ApiError 400 for a token that the model doesn't have */
export function checkTokenIds({ scheduler }: Service, ids: readonly number[], param: string): void {
  const { vocabularySize } = scheduler.model.tokenizer
  const unknown = ids.find((id) => id >= vocabularySize)
  if (unknown !== undefined)
    throw new ApiError(
      400,
      'unknown_token',
      `${param}: there is no token ${unknown}; token ids are from 0 to ${vocabularySize - 1}`,
      param,
    )
}

function listOf(prompt: string | string[] | number[] | number[][]): (string | number[])[] {
  if (typeof prompt === 'string') return [prompt]
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as (string | number[])[])
}
