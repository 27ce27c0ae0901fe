import { attentionOf, modelOf, type LayeredConfig } from '../layered-config'
import { layerNames, modelNames } from '../llama/layer-names'
import { architectureOf, type ModelFamily } from '../published-model'

/** Attention with a sink per head, layers with and without a window, as gpt-oss has it; one SwiGLU in place of experts. */
export const gptOss: ModelFamily = {
  firstLayerHas: 'self_attn.sinks',
  read(raw) {
    const config = raw as unknown as LayeredConfig
    return {
      architecture: architectureOf({
        ...modelOf(config),
        system: 'gpt-oss',
        mixers: config.layers.map((_, layer) => attentionOf(config, layer)),
      }),
      model: modelNames,
      layers: 'model.layers',
      block: { ...layerNames(config.attn_head_dim!), 'mixing.mixer.sinks': 'self_attn.sinks' },
    }
  },
}
