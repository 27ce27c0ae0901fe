import type { Architecture } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** A published tensor's name, or the name and what makes our parameter of it (no arithmetic, so that gradients map alike). */
export type Source = string | readonly [name: string, from: (tensor: Tensor) => Tensor]

/** What a published configuration is in our terms, and where our parameters are in the published checkpoint. */
export interface PublishedModel {
  architecture: Architecture
  /** By our path: `embedding`, `finalNorm`, `head`. */
  model: Record<string, Source>
  /** By our path within a block; the names follow `layers`, a dot, the block's number and a dot. */
  block?: Record<string, Source>
  /** The same where a published layer is several blocks of ours, one after the other. */
  blocksPerLayer?: readonly Record<string, Source>[]
  /** The same where layers differ: each layer's. */
  blockOfLayer?: readonly Record<string, Source>[]
  layers: string
}

/** A family of published models. */
export interface ModelFamily {
  /** A parameter that the first layer of each model of this family has, and no other family's. */
  firstLayerHas: string
  read(config: Record<string, unknown>): PublishedModel
}

/** Where our parameter at `path` comes from. @throws if the family doesn't say */
export function sourceOf(published: PublishedModel, path: string): { name: string; from(x: Tensor): Tensor } {
  const [, layer, rest] = /^blocks\.(\d+)\.(.+)$/.exec(path) ?? []
  const { block = {}, blocksPerLayer: blocks = [block], blockOfLayer } = published
  const within = (index: number) => blockOfLayer?.[index] ?? blocks[index % blocks.length]
  const source = layer === undefined ? published.model[path] : within(Number(layer))[rest]
  if (source === undefined) throw new Error(`the published model has no parameter for '${path}'`)
  const [name, from] = typeof source === 'string' ? [source, (x: Tensor) => x] : source
  if (layer === undefined) return { name, from }
  return { name: `${published.layers}.${Math.floor(Number(layer) / blocks.length)}.${name}`, from }
}

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
  biases: false as const,
}

/** A linear layer of PyTorch, [out, in] there. */
export const linearWeight = (name: string): Source => [name, (weight) => tf.transpose(weight)]

/** A depthwise convolution of PyTorch, [C, 1, K] there. */
export const convolution = (name: string): Source => [name, (weight) => tf.squeeze(weight, [1])]

/** A SwiGLU of three linear layers. */
export const swigluWeights = (gate: string, up: string, down: string): Record<string, Source> => ({
  'feedForward.mlp.w1': linearWeight(gate),
  'feedForward.mlp.w3': linearWeight(up),
  'feedForward.mlp.w2': linearWeight(down),
})
