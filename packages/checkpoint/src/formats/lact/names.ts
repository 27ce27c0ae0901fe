import type { TttKvbOptions } from '@ttt-e2e/baselines'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  architectureOf,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  type Source,
  flashLinearAttentionModel,
} from '../published-model'

/** The keys of LaCT's published configurations that say how a model computes. */
interface LactConfig {
  vocab_size: number
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_attn_heads: number
  num_lact_heads: number
  inter_multi: number
  attn_qk_norm: boolean
  window_size: number
  lact_chunk_size: number
  w0_w2_low_rank: number
  rope_theta: number
  base_lr: number
  ttt_prenorm: boolean
  norm_eps: number
}

/** LaCT, which is TTT-KVB. */
export const lact: ModelFamily = {
  firstLayerHas: 'attn.ttt_norm.weight',
  read(raw) {
    const config = raw as unknown as LactConfig
    const { hidden_size: size, num_attn_heads: heads, num_lact_heads: fastHeads } = config
    const options: TttKvbOptions = {
      window: config.window_size,
      chunk: config.lact_chunk_size,
      fastHeads,
      rank: config.w0_w2_low_rank,
      expansion: config.inter_multi,
      baseRate: config.base_lr,
      preNorm: config.ttt_prenorm,
      qkNorm: config.attn_qk_norm,
    }
    // RoPE pairs channel i of a head with i + d/2 there, 2i with 2i + 1 here. The fast weights follow, their hidden
    // channels too: the identity that w0 and w2 start from ties these to the inputs.
    const order = pairsOf(size, size / heads)
    const width = size / fastHeads
    const inputs = order.slice(0, width)
    const hidden = [...inputs, ...range(width * config.inter_multi).slice(width)]
    const reordered = (name: string, by: number[], axis: number): Source => [name, (x) => take(x, by, axis)]
    const column = (name: string, index: number): Source => [
      name,
      (columns) => take(tf.reshape(tf.slice(columns, [0, index], [-1, 1]), [size]), order, 0),
    ]
    return {
      architecture: architectureOf({
        system: 'lact',
        vocabularySize: config.vocab_size,
        hiddenSize: size,
        heads,
        intermediateSize: config.intermediate_size,
        layers: config.num_hidden_layers,
        mixers: [{ name: 'ttt-kvb', options }],
        ropeBase: config.rope_theta,
        normEpsilon: config.norm_eps,
        untiedHead: true,
      }),
      model: flashLinearAttentionModel,
      layers: 'model.layers',
      block: {
        'mixing.norms.norm': 'attn_norm.weight',
        'mixing.mixer.wqkv': [
          'attn.qkv.weight',
          (weight) => {
            const [q, k, v] = tf.split(weight, 3)
            return tf.transpose(tf.concat([take(q, order, 0), take(k, order, 0), v]))
          },
        ],
        'mixing.mixer.wo': linearWeight('attn.o_proj.weight'),
        'mixing.mixer.qNorm': reordered('attn.q_norm.weight', order, 0),
        'mixing.mixer.kNorm': reordered('attn.k_norm.weight', order, 0),
        'mixing.mixer.qScale': column('attn.qk_scale', 0),
        'mixing.mixer.kScale': column('attn.qk_scale', 1),
        'mixing.mixer.qOffset': column('attn.qk_offset', 0),
        'mixing.mixer.kOffset': column('attn.qk_offset', 1),
        'mixing.mixer.w0Left': reordered('attn.w0.w_left', hidden, 1),
        'mixing.mixer.w0Right': reordered('attn.w0.w_right', inputs, 2),
        'mixing.mixer.w2Left': reordered('attn.w2.w_left', hidden, 1),
        'mixing.mixer.w2Right': reordered('attn.w2.w_right', inputs, 2),
        'mixing.mixer.w1': reordered('attn.w1', hidden, 2),
        'mixing.mixer.wRates': linearWeight('attn.lr_proj.weight'),
        'mixing.mixer.ratesBias': 'attn.lr_proj.bias',
        'mixing.mixer.wMomentum': linearWeight('attn.momentum_proj.0.weight'),
        'mixing.mixer.momentumBias': 'attn.momentum_proj.0.bias',
        'mixing.mixer.wGate': linearWeight('attn.ttt_scale_proj.weight'),
        'mixing.mixer.gateBias': 'attn.ttt_scale_proj.bias',
        'mixing.mixer.readNorm': 'attn.ttt_norm.weight',
        'feedForward.norms.norm': 'mlp_norm.weight',
        ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
      },
    }
  },
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Which of the channels that are paired by halves stand at each place where neighbours are. */
const pairsOf = (channels: number, headWidth: number): number[] =>
  range(channels).map((i) => {
    const place = i % headWidth
    return i - place + (place >> 1) + (place % 2) * (headWidth / 2)
  })

const take = (x: Tensor, order: number[], axis: number): Tensor =>
  tf.gather(x, tf.tensor1d(order, 'int32'), axis)
