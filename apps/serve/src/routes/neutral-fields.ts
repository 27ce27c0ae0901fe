import { z } from '@hono/zod-openapi'
import { anyString, flag, numberFrom, only, onlyEmpty, optional } from './fields'

/**
 * What clients of OpenAI, of vLLM and of llama.cpp say, at whichever endpoint, of what there is none of here: with these values it asks
 * for nothing. The one table of them, for every endpoint that gives text; an endpoint for which a field means more has it
 * in its own schema. Any other value is refused, not ignored.
 */
export const neutralFields = {
  n: only(1),
  best_of: only(1),
  echo: only(false),
  suffix: only(''),
  logprobs: only(false),
  top_logprobs: only(0),
  store: only(false),
  background: only(false),
  metadata: onlyEmpty(),
  service_tier: only('auto', 'default'),
  truncation: only('auto', 'disabled'),
  verbosity: only('medium'),
  user: anyString(),
  safety_identifier: anyString(),
  prompt_cache_key: anyString(),
  prompt_cache_retention: only('in_memory', 'in-memory', '24h'),
  prompt_cache_options: optional(z.strictObject({ mode: only('implicit', 'explicit'), ttl: only('30m') })),
  response_format: optional(textFormat()),
  modalities: optional(z.array(z.literal('text', 'only "text" is supported here'))),
  // No model here calls tools by itself, or thinks before it speaks.
  tool_choice: only('auto', 'none'),
  function_call: only('auto', 'none'),
  parallel_tool_calls: optional(flag()),
  max_tool_calls: optional(numberFrom(0, 2 ** 31)),
  reasoning_effort: only('none'),
  include_reasoning: optional(flag()),
  // Of vLLM.
  priority: only(0),
  request_id: anyString(),
  min_tokens: only(0),
  length_penalty: only(1),
  early_stopping: only(false),
  use_beam_search: only(false),
  skip_special_tokens: only(true),
  spaces_between_special_tokens: only(true),
  include_stop_str_in_output: only(false),
  truncate_prompt_tokens: only(-1),
  return_token_ids: only(false),
  return_tokens_as_token_ids: only(false),
  add_generation_prompt: only(true),
  continue_final_message: only(false),
  chat_template_kwargs: onlyEmpty(),
  mm_processor_kwargs: onlyEmpty(),
  structured_outputs: onlyEmpty(),
  kv_transfer_params: onlyEmpty(),
  vllm_xargs: onlyEmpty(),
  cache_salt: anyString(),
  // Of llama.cpp: samplers that are off, and slots and caches that answers don't show.
  id_slot: only(-1),
  cache_prompt: optional(flag()),
  n_keep: only(0),
  n_indent: only(0),
  n_probs: only(0),
  min_keep: only(0),
  t_max_predict_ms: only(0),
  repeat_penalty: only(1),
  typical_p: only(1),
  dynatemp_range: only(0),
  xtc_probability: only(0),
  dry_multiplier: only(0),
  mirostat: only(0),
  grammar: only(''),
  return_tokens: only(false),
  return_progress: only(false),
  timings_per_token: only(false),
  post_sampling_probs: only(false),
}

function textFormat() {
  const error =
    'only {"type": "text"} is supported here: what is generated follows no grammar; ask for JSON in a message, and check what comes'
  return z.looseObject({ type: z.literal('text', error) }, error)
}
