import type { Mamba3Options } from '@ttt-e2e/baselines'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { attentionOf, modelOf, type LayeredConfig } from '../layered-config'
import { attentionNames } from '../llama/layer-names'
import { architectureOf, linearWeight, type ModelFamily } from '../published-model'

/** The keys of Mamba 3's configuration that say how a model computes. */
interface Mamba3Config extends LayeredConfig {
  state_size: number
  expand: number
  head_dim: number
  n_groups: number
  rope_fraction: 0.5 | 1
  A_floor: number
  A_activation: 'heavy_tail' | 'softplus'
  is_outproj_norm: boolean
  is_mimo: boolean
  mimo_rank: number
}

/** Mamba 3 (SISO and MIMO), alone or with layers of attention, with or without MLPs; norms before each sublayer only. */
export const mamba3: ModelFamily = {
  firstLayerHas: 'mixer.B_bias',
  read(raw) {
    const config = raw as unknown as Mamba3Config
    const options: Mamba3Options = {
      innerWidth: config.expand * config.hidden_size,
      headWidth: config.head_dim,
      stateWidth: config.state_size,
      groups: config.n_groups,
      ...(config.is_mimo && { ranks: config.mimo_rank }),
      ropeFraction: config.rope_fraction,
      decay: config.A_activation === 'softplus' ? 'softplus' : 'heavy-tail',
      leastRate: config.A_floor,
      gateNorm: config.is_outproj_norm,
    }
    return {
      architecture: architectureOf({
        ...modelOf(config),
        system: 'mamba3',
        mixers: config.layers.map((kind, layer) =>
          kind === 'attention' ? attentionOf(config, layer) : { name: 'mamba3', options },
        ),
      }),
      model: {
        embedding: 'backbone.embedding.weight',
        finalNorm: 'backbone.norm_f.weight',
        head: 'lm_head.weight',
      },
      layers: 'backbone.layers',
      block: {
        'mixing.norms.norm': 'norm.weight',
        'mixing.mixer.inProj': linearWeight('mixer.in_proj.weight'),
        'mixing.mixer.stepBias': 'mixer.dt_bias',
        'mixing.mixer.bNorm': 'mixer.B_norm.weight',
        'mixing.mixer.cNorm': 'mixer.C_norm.weight',
        'mixing.mixer.bBias': 'mixer.B_bias',
        'mixing.mixer.cBias': 'mixer.C_bias',
        'mixing.mixer.skip': 'mixer.D',
        'mixing.mixer.norm': 'mixer.norm.weight',
        'mixing.mixer.valueScale': 'mixer.mimo_x',
        'mixing.mixer.gateScale': 'mixer.mimo_z',
        'mixing.mixer.outputScale': 'mixer.mimo_o',
        'mixing.mixer.outProj': linearWeight('mixer.out_proj.weight'),
        ...attentionNames('mixer', config.attn_head_dim ?? 2),
        'feedForward.norms.norm': 'norm2.weight',
        'feedForward.mlp.w1': ['mlp.fc1.weight', (both) => tf.transpose(half(both, 1))],
        'feedForward.mlp.w3': ['mlp.fc1.weight', (both) => tf.transpose(half(both, 0))],
        'feedForward.mlp.w2': linearWeight('mlp.fc2.weight'),
      },
    }
  },
}

/** The first or the second half of the rows. */
const half = (rows: Tensor, index: number): Tensor =>
  tf.slice(rows, [(index * rows.shape[0]) / 2, 0], [rows.shape[0] / 2, -1])
