import { problemsOf } from '@ttt-e2e/baselines'
import { CheckpointError } from '../../checkpoint-error'
import { readText, type ModelFolder } from '../../folders/model-folder'
import type { Format, StoredModel } from '../format'
import { llamaConfig, llamaTypes } from '../llama/config'
import { llamaModel } from '../llama/model'
import { huggingFaceNames } from '../llama/names'
import { hashedWhileRead } from '../hashed-weights'
import { parseJson } from '../parse-json'
import { publishedMismatches, publishedWeights } from '../published-weights'
import { families } from './families'
import { familyWeights } from './family-weights'
import { openShards } from './shards'
import { tokenizerOfFolder } from './tokenizer'

const configFile = 'config.json'

/** Python writes numbers that JSON doesn't have. */
const withInfinity = (text: string) => text.replace(/([[,:]\s*-?)Infinity(?=\s*[\],}])/g, '$11e999')

/** Hugging Face's folders: config.json, safetensors in one file or several, tokenizer.json. */
export const huggingFaceFolder: Format = {
  name: 'hugging-face',
  recognises: async (folder) => (await folder.open(configFile)) !== undefined,
  open: openHuggingFace,
}

async function openHuggingFace(folder: ModelFolder): Promise<StoredModel> {
  const text = (await readText(folder, configFile)) ?? ''
  const json = parseJson(withInfinity(text)) as { model_type?: unknown } | null | undefined
  if (typeof json !== 'object' || json === null)
    throw new CheckpointError(folder.name, [`${configFile} is not a JSON object`])
  if (json.model_type === undefined)
    throw new CheckpointError(folder.name, [
      `${configFile} has no model_type: what the model is isn't guessed`,
    ])
  const known: readonly unknown[] = [...llamaTypes, ...Object.keys(families)]
  if (!known.includes(json.model_type))
    throw new CheckpointError(folder.name, [
      `${configFile}: model_type: only ${known.join(', ')} can be read`,
    ])
  const other = families[json.model_type as string]
  if (other) return openFamily(folder, json, other)
  const sizes = llamaConfig.safeParse(json)
  if (!sizes.success)
    throw new CheckpointError(
      folder.name,
      problemsOf(sizes.error).map((problem) => `${configFile}: ${problem}`),
    )
  const shards = await openShards(folder)
  if (typeof shards === 'string') throw new CheckpointError(folder.name, [shards])
  const { tied } = sizes.data
  const published = llamaModel(sizes.data, huggingFaceNames, 'halves')
  const problems = publishedMismatches(published, shards.weights, {
    // Buffers that old versions saved; a head that transformers doesn't use either.
    unused: (name) => name.endsWith('.rotary_emb.inv_freq') || (tied && name === 'lm_head.weight'),
  })
  if (problems.length > 0)
    throw new CheckpointError(
      folder.name,
      problems.map((problem) => `${shards.file}: ${problem}`),
    )
  const { tokenizer, beginsWithBos } = await tokenizerOfFolder(folder, sizes.data.vocabularySize)
  const hashed = hashedWhileRead(shards.weights)
  return {
    architecture: published.architecture,
    weights: publishedWeights(published, hashed.weights),
    hash: hashed.hash,
    weightsFile: shards.file,
    // Whole values, however short they are in the file.
    bytes: 2 * shards.bytes,
    tokenizer,
    documentsBeginWithBos: beginsWithBos,
  }
}

/** A model that isn't of Llama's family. */
async function openFamily(
  folder: ModelFolder,
  json: object,
  { family, config }: (typeof families)[string],
): Promise<StoredModel> {
  const parsed = config.safeParse(json)
  const refuse = (file: string, problems: readonly string[]) =>
    new CheckpointError(
      folder.name,
      problems.map((problem) => `${file}: ${problem}`),
    )
  if (!parsed.success) throw refuse(configFile, problemsOf(parsed.error))
  const shards = await openShards(folder)
  if (typeof shards === 'string') throw new CheckpointError(folder.name, [shards])
  const published = family.read(parsed.data)
  const { weights, problems } = builtBy(
    () => familyWeights(published, shards.weights),
    (sentence) => refuse(configFile, [sentence]),
  )
  if (problems.length > 0) throw refuse(shards.file, problems)
  const { vocabularySize } = published.architecture
  const { tokenizer, beginsWithBos } = await tokenizerOfFolder(folder, vocabularySize)
  return {
    architecture: published.architecture,
    ...hashedWhileRead(weights),
    weightsFile: shards.file,
    // Whole values, however short they are in the file.
    bytes: 2 * shards.bytes,
    tokenizer,
    documentsBeginWithBos: beginsWithBos,
  }
}

function builtBy<T>(build: () => T, refusal: (sentence: string) => Error): T {
  try {
    return build()
  } catch (error) {
    throw refusal((error as Error).message)
  }
}
