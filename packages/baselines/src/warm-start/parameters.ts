import { normalWeight, type Architecture, type MlpWeights } from '@ttt-e2e/swa-transformer'
import { tf, tidy, treeEntries, treeForm, treeMap, type Random, type Tensor } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { buildSystem } from '../architecture/build-system'
import type { Mixers } from '../mixers'
import { warmArchitecture, type WarmStartOptions } from './architecture'

/** A pretrained model; its parameters stay the caller's. */
export interface Pretrained {
  architecture: Architecture
  params: Params
}

/**
 * TTT-E2E around a transformer that was pretrained without it. With learning off it is the pretrained model in its window:
 * where that covers the text, its logits are the same bits (a split prime MLP's but for the order of sums).
 *
 * @param random draws w1 and w3 of prime MLPs that start as none of the model's own
 * @returns the system and its parameters, which are the caller's
 * @throws SizeError for options that the model can't have
 */
export function warmStart(
  { architecture, params }: Pretrained,
  options: WarmStartOptions,
  random: Random,
  more?: Mixers,
): { system: System; params: Params } {
  const system = buildSystem(warmArchitecture(architecture, options), more)
  const known = new Map(treeEntries(params))
  const start = new Start(system, known, options, random)
  const form = treeForm(system.decoder.init)
  return { system, params: tidy(() => treeMap(form, (_, path) => start.of(path))) }
}

class Start {
  constructor(
    private readonly system: System,
    private readonly known: ReadonlyMap<string, Tensor>,
    private readonly options: WarmStartOptions,
    private readonly random: Random,
  ) {}

  /** The parameter at this path. */
  of(path: string): Tensor {
    const own = this.known.get(path)
    const { prime } = this.system.decoder.config
    const [, block, name] = /^blocks\.(\d+)\.feedForward\.mlp\.(w\d)$/.exec(path) ?? []
    const isCut = prime?.split && !this.known.has('prime.0.w1')
    if (own && isCut && Number(block) >= this.system.decoder.prefixBlocks)
      return units(own, name as keyof MlpWeights, 0, -prime.width)
    return own ? tf.clone(own) : this.ofPrime(path)
  }

  private ofPrime(path: string): Tensor {
    const { prefixBlocks, config } = this.system.decoder
    const { width, split } = config.prime!
    const norm = /^blocks\.(\d+)\.prime\.norms\.(norm|postNorm)$/.exec(path)
    // A norm after the prime MLP whose scale is 0 adds nothing, whatever the MLP gives.
    if (norm) {
      const like = this.known.get(`blocks.${norm[1]}.feedForward.norms.${norm[2]}`)!
      return norm[2] === 'norm' ? tf.clone(like) : tf.zerosLike(like)
    }
    const [, place, name] = /^prime\.(\d+)\.(w\d)$/.exec(path)!
    const mlp = `blocks.${prefixBlocks + Number(place)}.feedForward.mlp`
    const own = this.known.get(`${mlp}.${name}`)!
    if (split) return units(own, name as keyof MlpWeights, config.intermediateSize - width, width)
    if (name === 'w2' && !config.postNorms) return tf.zeros([width, config.hiddenSize])
    if (this.options.prime.weights === 'random')
      return normalWeight(
        this.random,
        name === 'w2' ? [width, config.hiddenSize] : [config.hiddenSize, width],
      )
    return units(own, name as keyof MlpWeights, 0, width)
  }
}

/** Some hidden units of a matrix of an MLP. @param count from `first` on; below 0, all but so many */
function units(matrix: Tensor, name: keyof MlpWeights, first: number, count: number): Tensor {
  const axis = name === 'w2' ? 0 : 1
  const size = count < 0 ? matrix.shape[axis]! + count : count
  return axis === 0 ? tf.slice(matrix, [first, 0], [size, -1]) : tf.slice(matrix, [0, first], [-1, size])
}
