import { safetensorsSource, type PlainTensor, type WeightSource } from '@ttt-e2e/tensor-ops'
import { readText, type ModelFolder } from '../../folders/model-folder'
import { parseJson } from '../parse-json'

/** What to call them in errors: the file, or the index of several. */
export interface Shards {
  file: string
  weights: WeightSource
  /** Of all files together. */
  bytes: number
}

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/** The tensors of a folder of Hugging Face's, in one safetensors file or in several that an index lists. */
export async function openShards(folder: ModelFolder): Promise<Shards | string> {
  const list = await readText(folder, index)
  if (list !== undefined) return openIndexed(folder, list)
  const file = await folder.open(single)
  return file
    ? { file: single, weights: await safetensorsSource(file), bytes: file.size }
    : `there is neither ${single} nor ${index}`
}

async function openIndexed(folder: ModelFolder, list: string): Promise<Shards | string> {
  const map = (parseJson(list) as { weight_map?: unknown } | null | undefined)?.weight_map
  if (
    typeof map !== 'object' ||
    map === null ||
    !Object.values(map).every((file) => typeof file === 'string')
  )
    return `${index} has no weight_map that gives each tensor a file`
  const placed = new Map(Object.entries(map as Record<string, string>))
  const sources = new Map<string, WeightSource>()
  const shapes = new Map<string, { shape: readonly number[]; dtype: string }>()
  const problems: string[] = []
  let bytes = 0
  for (const name of new Set(placed.values())) {
    // A file of this folder, and of no other.
    const file = /^[\w.-]+\.safetensors$/.test(name) ? await folder.open(name) : undefined
    if (!file) {
      problems.push(`${name}, which ${index} names, is missing`)
      continue
    }
    const source = await safetensorsSource(file)
    sources.set(name, source)
    bytes += file.size
    problems.push(...(source.problems ?? []).map((problem) => `${name}: ${problem}`))
    for (const [tensor, entry] of source.shapes) {
      if (placed.get(tensor) === name) shapes.set(tensor, entry)
      else problems.push(`'${tensor}' is in ${name}, where ${index} doesn't have it`)
    }
  }
  for (const [tensor, file] of placed)
    if (sources.has(file) && !sources.get(file)!.shapes.has(tensor))
      problems.push(`'${tensor}' is not in ${file}, where ${index} has it`)
  const read = (tensor: string): Promise<PlainTensor> => sources.get(placed.get(tensor)!)!.read(tensor)
  return { file: index, weights: { shapes, problems, read }, bytes }
}
