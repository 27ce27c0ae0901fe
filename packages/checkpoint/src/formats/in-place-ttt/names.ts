import type { InPlaceTttOptions } from '@ttt-e2e/baselines'
import type { MixerRecord } from '@ttt-e2e/swa-transformer'
import { attentionOf, modelOf, type LayeredConfig } from '../layered-config'
import { attentionNames, modelNames } from '../llama/layer-names'
import { architectureOf, convolution, linearWeight, type ModelFamily, type Source } from '../published-model'

/** The keys of In-Place TTT's configuration that say how a model computes. */
interface InPlaceTttConfig extends LayeredConfig {
  ttt_layers: readonly number[]
  ttt_proj: boolean
  ttt_lr: number
  ttt_chunk: number
  ttt_target: 'hidden_states' | 'input_embed'
}

/** Llama with MLPs that learn in place. Each of its layers is two blocks of ours, attention and the MLP. */
export const inPlaceTtt: ModelFamily = {
  firstLayerHas: 'mlp.ttt_conv.weight',
  read(raw) {
    const config = raw as unknown as InPlaceTttConfig
    const width = config.intermediate_size!
    const learning: InPlaceTttOptions = {
      width,
      chunk: config.ttt_chunk,
      rate: config.ttt_lr,
      target: config.ttt_target === 'input_embed' ? 'embedding' : 'hidden',
      projection: config.ttt_proj,
    }
    const mlpOf = (layer: number): MixerRecord =>
      config.ttt_layers.includes(layer)
        ? { name: 'in-place-ttt', options: learning }
        : { name: 'mlp', options: { width } }
    return {
      architecture: architectureOf({
        ...modelOf(config),
        system: 'in-place-ttt',
        intermediateSize: 0,
        layers: 2 * config.layers.length,
        mixers: config.layers.flatMap((_, layer) => [attentionOf(config, layer), mlpOf(layer)]),
      }),
      model: modelNames,
      layers: 'model.layers',
      block: config.layers.flatMap(() => [attentionBlock(config.attn_head_dim!), mlpBlock]),
      blocksPerLayer: 2,
    }
  },
}

const attentionBlock = (headWidth: number): Record<string, Source> => ({
  'mixing.norms.norm': 'input_layernorm.weight',
  ...attentionNames('self_attn', headWidth),
})
const mlpBlock: Record<string, Source> = {
  'mixing.norms.norm': 'post_attention_layernorm.weight',
  'mixing.mixer.w1': linearWeight('mlp.gate_proj.weight'),
  'mixing.mixer.w3': linearWeight('mlp.up_proj.weight'),
  'mixing.mixer.w2': linearWeight('mlp.down_proj.weight'),
  'mixing.mixer.conv': convolution('mlp.ttt_conv.weight'),
  'mixing.mixer.projection': 'mlp.ttt_proj.weight',
}
