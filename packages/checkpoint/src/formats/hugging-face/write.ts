import { readdirSync } from 'node:fs'
import type { Tokenizer } from '@ttt-e2e/data'
import {
  allFinite,
  bytesOf,
  encodeSafetensorsHeader,
  tf,
  toPlainTensors,
  treeEntries,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import { CheckpointError } from '../../checkpoint-error'
import { isThere, writeFolderDurably } from '@ttt-e2e/tensor-ops/files'
import type { Model } from '../../model'
import { sourceOf } from '../published-model'
import { huggingFaceFormOf, type HuggingFaceForm } from './config-of'

/**
 * Writes a model as a folder of Hugging Face's: config.json, model.safetensors in float32 and, where the tokenizer has such a
 * form, tokenizer.json with what belongs to it.
 *
 * @param to a folder that is new or empty
 * @throws CheckpointError for what has no such form, or if `to` is taken
 */
export async function saveHuggingFace(model: Model, to: string): Promise<void> {
  if (isThere(to) && readdirSync(to).length > 0)
    throw new CheckpointError(to, ['it is not empty, and a model is written to a new or empty folder'])
  const { architecture } = model.system
  const form = architecture
    ? huggingFaceFormOf(architecture)
    : ['a mixer of it has no name, so that nothing says what it is']
  if (Array.isArray(form)) throw new CheckpointError(to, form)
  await writeFolderDurably(to, async (write) => {
    await write('model.safetensors', weightPieces(model, form, to))
    const texts = { 'config.json': form.config, ...tokenizerFiles(model) }
    for (const [file, content] of Object.entries(texts))
      await write(file, new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`))
  })
}

/** The file piece by piece: one tensor is held at a time. */
async function* weightPieces(
  { params }: Model,
  { published }: HuggingFaceForm,
  to: string,
): AsyncGenerator<Uint8Array, void, void> {
  const entries = treeEntries(params).map(([path, tensor]) => ({ tensor, ...sourceOf(published, path) }))
  yield encodeSafetensorsHeader(
    entries.map(({ name }) => ({ name, shape: published.shapes.get(name)!, dtype: 'F32' })),
    { format: 'pt' },
  )
  const spoilt: string[] = []
  for (const { name, tensor, back } of entries) {
    const turned: Tensor = tf.tidy(() => tf.clone(back!.to(tensor)))
    const { [name]: plain } = await toPlainTensors([[name, turned]])
    if (!allFinite(plain.values)) spoilt.push(`'${name}' has values that are not finite`)
    // A copy: the tensor's own memory goes with it.
    const bytes = bytesOf(plain.values).slice()
    turned.dispose()
    yield bytes
  }
  if (spoilt.length > 0) throw new CheckpointError(to, spoilt)
}

function tokenizerFiles({ tokenizer, documentsBeginWithBos }: Model): Record<string, object> {
  const { name, options, bosToken, endTokens, chatTemplate } = tokenizer
  if (name !== 'hugging-face') return {}
  const [bos, end] = [contentOf(tokenizer, bosToken), contentOf(tokenizer, endTokens?.[0])]
  return {
    'tokenizer.json': options!.tokenizer as object,
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      add_bos_token: documentsBeginWithBos,
      ...(bos !== undefined && { bos_token: bos }),
      ...(end !== undefined && { eos_token: end }),
      ...(chatTemplate !== undefined && { chat_template: chatTemplate }),
    },
    ...(endTokens && {
      'generation_config.json': {
        ...(bosToken !== undefined && { bos_token_id: bosToken }),
        eos_token_id: [...endTokens],
      },
    }),
  }
}

function contentOf({ options }: Tokenizer, id: number | undefined): string | undefined {
  const { added_tokens: added } = options!.tokenizer as { added_tokens: { id: number; content: string }[] }
  return added.find((token) => token.id === id)?.content
}
