import {
  fromPlainTensor,
  readTensors,
  treeEntries,
  treeForm,
  treeMap,
  type PlainTensor,
  type PlainTensors,
} from '@ttt-e2e/tensor-ops'
import type { Decoder } from '@ttt-e2e/swa-transformer'
import type { Params } from '@ttt-e2e/ttt-inner'

const root = 'language_model.model.'

/** Where the authors' checkpoints hold a parameter: they stack a block's tensors over the layers. */
export function publishedPlace(path: string, prefixBlocks: number): { name: string; layer?: number } {
  const parts = path.split('.')
  if (path === 'embedding') return { name: `${root}wte.weight` }
  if (path === 'finalNorm') return { name: `${root}ln_f.weight` }
  const layer = Number(parts[1])
  if (parts[0] === 'prime')
    return { name: `${root}h.prime_storage.feed_forward_prime.${parts[2]}.weight`, layer }
  const [, , sublayer, part, leaf] = parts
  const post = leaf === 'postNorm' ? '_post' : ''
  if (sublayer === 'prime')
    return { name: `${root}h.prime_storage.ffn_prime${post}_norm.weight`, layer: layer - prefixBlocks }
  if (sublayer === 'feedForward')
    return {
      name: `${root}h.blocks.${part === 'mlp' ? `feed_forward.${leaf}` : `ffn${post}_norm`}.weight`,
      layer,
    }
  if (part === 'norms') return { name: `${root}h.blocks.seq${post}_norm.weight`, layer }
  const name = leaf === 'qNorm' ? 'q_norm' : leaf === 'kNorm' ? 'k_norm' : leaf
  return { name: `${root}h.blocks.seq_modeling_block.${name}.weight`, layer }
}

/** Parameters from the authors' names. @param prefix stands before each name */
export function fromE2eNames(decoder: Decoder, tensors: PlainTensors, prefix: string): Params {
  return treeMap(treeForm(decoder.init), (_, path) => {
    const { name, layer } = publishedPlace(path, decoder.prefixBlocks)
    const stacked = tensors[prefix + name]
    if (!stacked) throw new Error(`there is no tensor '${prefix}${name}'`)
    return fromPlainTensor(layer === undefined ? stacked : layerOf(stacked, layer))
  })
}

/** The authors' names with the values of our parameters, stacked over the layers. */
export async function toE2eNames(decoder: Decoder, params: Params): Promise<Record<string, number[]>> {
  const published: Record<string, number[]> = {}
  const entries = treeEntries(params)
  const values = await readTensors(entries.map(([, tensor]) => tensor))
  entries.forEach(([path], i) => {
    const { name } = publishedPlace(path, decoder.prefixBlocks)
    published[name] = (published[name] ?? []).concat(Array.from(values[i]))
  })
  return published
}

export function layerOf({ shape, values }: PlainTensor, layer: number): PlainTensor {
  const size = values.length / shape[0]
  return { shape: shape.slice(1), values: values.slice(layer * size, (layer + 1) * size) }
}
