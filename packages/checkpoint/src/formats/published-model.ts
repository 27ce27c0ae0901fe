import type { Architecture } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * A published tensor's name, or the name and what makes our parameter of it (no arithmetic, so that gradients map alike).
 */
export type Source = string | readonly [name: string, from: (tensor: Tensor) => Tensor, back?: Back]

/** What makes a published tensor of our parameter, and either's shape of the other's. */
export interface Back {
  to(tensor: Tensor): Tensor
  shape(shape: readonly number[]): number[]
  /** Where a linear layer's rows have another order there: the published row that is one of our columns. */
  rowOf?(row: number): number
}

/** What a published configuration is in our terms, and where our parameters are in the published checkpoint. */
export interface PublishedModel {
  architecture: Architecture
  /** By our path: `embedding`, `finalNorm`, `head`. */
  model: Record<string, Source>
  /**
   * By our path within a block, or so for each layer where they differ; the names follow `layers`, a dot, the block's number
   * and a dot.
   */
  block: Record<string, Source> | readonly Record<string, Source>[]
  layers: string
  /** How many blocks of ours one published layer is; 1 where left out. */
  blocksPerLayer?: number
  /** The shape of every published tensor by its whole name, for families that are read from folders. */
  shapes?: ReadonlyMap<string, readonly number[]>
}

/** A family of published models. */
export interface ModelFamily {
  /** A parameter that the first layer of each model of this family has, and no other family's. */
  firstLayerHas: string
  read(config: Record<string, unknown>): PublishedModel
}

/** Where our parameter at `path` comes from. @throws if the family doesn't say */
export function sourceOf(
  published: PublishedModel,
  path: string,
): { name: string; from(x: Tensor): Tensor; back?: Back } {
  const [, layer, rest] = /^blocks\.(\d+)\.(.+)$/.exec(path) ?? []
  const { model, block } = published
  const named = layer === undefined ? model : isByLayer(block) ? block[Number(layer)] : block
  const source = named[layer === undefined ? path : rest]
  if (source === undefined) throw new Error(`the published model has no parameter for '${path}'`)
  const [name, from, back] = typeof source === 'string' ? [source, asItIs, asItIsBack] : source
  const known = { from, ...(back && { back }) }
  if (layer === undefined) return { name, ...known }
  const number = Math.floor(Number(layer) / (published.blocksPerLayer ?? 1))
  return { name: `${published.layers}.${number}.${name}`, ...known }
}

const isByLayer = (block: PublishedModel['block']): block is readonly Record<string, Source>[] =>
  Array.isArray(block)

export const asItIs = (x: Tensor): Tensor => x
const asItIsBack: Back = { to: asItIs, shape: (shape) => [...shape] }

/** What published decoders have in common where they don't say otherwise: norms before sublayers only, nothing that learns. */
export const architectureOf = ({
  ropeBase,
  ...rest
}: Omit<Architecture, keyof typeof common | 'rope'> &
  Partial<typeof common> & { ropeBase: number }): Architecture => ({
  ...common,
  ...rest,
  rope: { base: ropeBase, scaling: null },
})

const common = {
  suffixBlocks: 0,
  rule: null,
  lossChunk: null,
  postNorms: false as boolean,
  preConv: 0,
  biases: false as boolean,
}

/** What flash-linear-attention's models have outside of the layers. */
export const flashLinearAttentionModel: Record<string, Source> = {
  embedding: 'model.embeddings.weight',
  finalNorm: 'model.norm.weight',
  head: 'lm_head.weight',
}

export const turned = (weight: Tensor): Tensor => tf.transpose(weight)

/** A linear layer of PyTorch, [out, in] there. */
export const linearWeight = (name: string): Source => [
  name,
  turned,
  { to: (weight) => tf.transpose(weight), shape: (shape) => shape.toReversed() },
]

/** A depthwise convolution of PyTorch, [C, 1, K] there. */
export const convolution = (name: string): Source => [name, (weight) => tf.squeeze(weight, [1])]

/** A SwiGLU of three linear layers. */
export const swigluWeights = (gate: string, up: string, down: string): Record<string, Source> => ({
  'feedForward.mlp.w1': linearWeight(gate),
  'feedForward.mlp.w3': linearWeight(up),
  'feedForward.mlp.w2': linearWeight(down),
})
