import type { TokenizerRecord } from '@ttt-e2e/data'
import { CheckpointError } from '../../checkpoint-error'
import { readText, type ModelFolder } from '../../folders/model-folder'
import { parseJson } from '../parse-json'

/** A token in `tokenizer_config.json`: its text, or an object that has it. */
type NamedToken = string | { content: string } | null | undefined

interface TokenizerConfig {
  bos_token?: NamedToken
  eos_token?: NamedToken
  add_bos_token?: boolean
  chat_template?: string | { name: string; template: string }[]
}

interface TokenizerFile {
  added_tokens?: { id: number; content: string }[]
  post_processor?: unknown
}

/**
 * The tokenizer of a folder of Hugging Face's: tokenizer.json, and what tokenizer_config.json and chat_template.jinja say
 * of its special tokens and of conversations. A folder without one makes a model that takes tokens alone.
 *
 * @throws CheckpointError for a tokenizer.json that isn't JSON
 */
export async function tokenizerOfFolder(
  folder: ModelFolder,
  vocabularySize: number,
): Promise<{ tokenizer: TokenizerRecord; beginsWithBos: boolean }> {
  const text = await readText(folder, 'tokenizer.json')
  if (text === undefined)
    return { tokenizer: { name: 'none', options: { vocabularySize } }, beginsWithBos: false }
  const file = objectOf(text, 'tokenizer.json', folder) as TokenizerFile
  const configText = await readText(folder, 'tokenizer_config.json')
  const config = (
    configText === undefined ? {} : objectOf(configText, 'tokenizer_config.json', folder)
  ) as TokenizerConfig
  const generationText = await readText(folder, 'generation_config.json')
  const ends = (parseJson(generationText ?? '{}') as { eos_token_id?: unknown } | null)?.eos_token_id
  const idOf = (token: NamedToken): number | undefined => {
    const content = typeof token === 'string' ? token : token?.content
    return Array.isArray(file.added_tokens)
      ? file.added_tokens.find((added) => added.content === content)?.id
      : undefined
  }
  const bos = idOf(config.bos_token)
  const beginsWithBos =
    bos !== undefined && (config.add_bos_token ?? mentions(file.post_processor, config.bos_token))
  const endTokens = [ends, idOf(config.eos_token)].flat().filter((id) => typeof id === 'number')
  const template = (await readText(folder, 'chat_template.jinja')) ?? defaultTemplate(config.chat_template)
  return {
    tokenizer: {
      name: 'hugging-face',
      options: {
        tokenizer: file,
        // One that no document begins with is a token like others.
        ...(beginsWithBos && { bosToken: bos }),
        ...(endTokens.length > 0 && { endTokens: [...new Set(endTokens)] }),
        ...(template !== undefined && { chatTemplate: template }),
      },
    },
    beginsWithBos,
  }
}

/** Whether what is put around texts begins with a token. */
function mentions(postProcessor: unknown, token: NamedToken): boolean {
  const content = typeof token === 'string' ? token : token?.content
  const steps = [postProcessor, ...((postProcessor as { processors?: unknown[] } | null)?.processors ?? [])]
  return steps.some((step) => {
    const { type, single } = (step ?? {}) as { type?: string; single?: { SpecialToken?: { id: string } }[] }
    return type === 'TemplateProcessing' && Array.isArray(single) && single[0]?.SpecialToken?.id === content
  })
}

const defaultTemplate = (template: TokenizerConfig['chat_template']): string | undefined =>
  Array.isArray(template) ? template.find(({ name }) => name === 'default')?.template : template

function objectOf(text: string, file: string, folder: ModelFolder): object {
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  throw new CheckpointError(folder.name, [`${file} is not a JSON object`])
}
