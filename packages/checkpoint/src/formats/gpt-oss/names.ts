import { attentionOf, modelOf, type LayeredConfig } from '../layered-config'
import { llamaBlock, llamaModel } from '../llama/names'
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
      model: llamaModel,
      layers: 'model.layers',
      block: { ...llamaBlock(config.attn_head_dim!), 'mixing.mixer.sinks': 'self_attn.sinks' },
    }
  },
}
