import { beforeAll, expect, it } from 'vitest'
import {
  createRandom,
  relativeErrorOf,
  resolveEngine,
  tf,
  treeEntries,
  treeSize,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import { attentionMixer } from './attention-mixer'
import { createDecoder, type Decoder, type DecoderConfig, type DecoderParams } from './decoder'
import type { MixingState } from './block'

beforeAll(() => resolveEngine('cpu'))

const config = (suffixBlocks: number, form: Partial<DecoderConfig> = {}) => ({
  vocabularySize: 13,
  hiddenSize: 8,
  heads: 2,
  intermediateSize: 12,
  mixers: Array.from({ length: 3 }, () => attentionMixer(5)),
  suffixBlocks,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  ...form,
})

/** Hidden states after the last norm, the tokens read in pieces. */
function readInPieces(decoder: Decoder, params: DecoderParams, tokens: number[], piece: number): Tensor {
  const states: MixingState[] = decoder.prefix.map((stage) => stage.start(stage.params(params), 1))
  const suffixParams = decoder.suffixParams(params)
  let suffix = decoder.startSuffix(suffixParams, 1)
  const outputs: Tensor[] = []
  for (let start = 0; start < tokens.length; start += piece) {
    const part = tokens.slice(start, start + piece)
    const options = { position: tf.tensor1d([start], 'int32') }
    const room = start + part.length
    let hidden = decoder.embed(params.embedding, tf.tensor2d([part], [1, part.length], 'int32'))
    decoder.prefix.forEach((stage, i) => {
      const read = stage.run(stage.params(params), hidden, stage.reserve(states[i], room), options)
      hidden = read.hidden
      states[i] = read.state
    })
    const read = decoder.readSuffix(
      suffixParams,
      params.prime,
      hidden,
      suffix.map((state, s) => decoder.reserveSuffix(state, s, room)),
      options,
    )
    suffix = read.states
    outputs.push(read.hidden)
  }
  return tf.concat(outputs, 1)
}

it.each([0, 1, 2, 3])('with %i suffix blocks reads in pieces as at once', (suffixBlocks) => {
  tf.tidy(() => {
    const decoder = createDecoder(config(suffixBlocks))
    const params = decoder.init(createRandom(1))
    const tokens = [1, 5, 12, 0, 3, 3, 7, 2, 9, 11, 4]
    const whole = readInPieces(decoder, params, tokens, tokens.length)
    expect(relativeErrorOf(readInPieces(decoder, params, tokens, 4), whole)).toBeLessThan(1e-5)
    expect(relativeErrorOf(readInPieces(decoder, params, tokens, 1), whole)).toBeLessThan(1e-5)
  })
})

it.each<[string, number, Partial<DecoderConfig>]>([
  ['norms before the sublayers only', 1, { postNorms: false }],
  ['blocks without an MLP', 0, { intermediateSize: 0 }],
  ['a convolution before the mixers', 2, { preConv: 4, postNorms: false }],
  ['a head of its own', 1, { untiedHead: true }],
])('with %s reads in pieces as at once', (_, suffixBlocks, form) => {
  tf.tidy(() => {
    const decoder = createDecoder(config(suffixBlocks, form))
    const params = decoder.init(createRandom(1))
    const tokens = [1, 5, 12, 0, 3, 3, 7, 2, 9, 11, 4]
    const whole = readInPieces(decoder, params, tokens, tokens.length)
    expect(relativeErrorOf(readInPieces(decoder, params, tokens, 4), whole)).toBeLessThan(1e-5)
    expect(relativeErrorOf(readInPieces(decoder, params, tokens, 1), whole)).toBeLessThan(1e-5)
    expect(decoder.parameterCount).toBe(treeSize(params))
  })
})

it('has the parameters of its form, and no others', () => {
  tf.tidy(() => {
    const paths = (form: Partial<DecoderConfig>) =>
      treeEntries(createDecoder(config(1, form)).init(createRandom(1))).map(([path]) => path)
    const sandwich = paths({})
    expect(paths({ postNorms: false })).toEqual(sandwich.filter((path) => !path.endsWith('postNorm')))
    expect(paths({ untiedHead: true })).toEqual([...sandwich, 'head'])
    const convolved = paths({ preConv: 4 }).filter((path) => !sandwich.includes(path))
    expect(convolved.filter((path) => path.startsWith('blocks.0.'))).toEqual([
      'blocks.0.mixing.preConv.norms.norm',
      'blocks.0.mixing.preConv.norms.postNorm',
      'blocks.0.mixing.preConv.weight',
      'blocks.0.mixing.preConv.bias',
    ])
    const plain = treeEntries(createDecoder(config(0, { intermediateSize: 0 })).init(createRandom(1)))
    expect(plain.filter(([path]) => path.includes('feedForward'))).toEqual([])
  })
})

it('has losses that are the cross entropies of its logits', () => {
  tf.tidy(() => {
    const decoder = createDecoder(config(1))
    const params = decoder.init(createRandom(1))
    const hidden = readInPieces(decoder, params, [1, 2, 3], 3)
    const targets = tf.tensor2d([[2, 3, 4]], [1, 3], 'int32')
    const suffixParams = decoder.suffixParams(params)
    const nats = tf.neg(
      tf.gather(tf.logSoftmax(decoder.logits(suffixParams, hidden)), targets as never, 2, 2),
    )
    expect(
      relativeErrorOf(decoder.losses(suffixParams, hidden, targets), tf.reshape(nats, [1, 3])),
    ).toBeLessThan(1e-6)
  })
})

it('draws the same parameters from the same seed, norms at 1, weights at 0.02', () => {
  tf.tidy(() => {
    const decoder = createDecoder(config(1))
    const [a, b] = [createRandom(4), createRandom(4)].map((random) => treeEntries(decoder.init(random)))
    expect(a.map(([path, leaf]) => [path, Array.from(leaf.dataSync())])).toEqual(
      b.map(([path, leaf]) => [path, Array.from(leaf.dataSync())]),
    )
    for (const [path, leaf] of a)
      if (/norm/i.test(path)) expect(new Set(leaf.dataSync())).toEqual(new Set([1]))
      else expect(tf.sqrt(tf.mean(tf.square(leaf))).dataSync()[0]).toBeCloseTo(0.02, 2)
    // V·D + 3 blocks of (4 D² + 2 d + 4 D + 3 D F) + a prime of 3 D F + 2 D + the last norm
    expect(treeSize(decoder.init(createRandom(4)))).toBe(13 * 8 + 3 * (256 + 8 + 32 + 288) + 288 + 16 + 8)
    expect(decoder.parameterCount).toBe(treeSize(decoder.init(createRandom(4))))
  })
})

it('refuses sizes that do not fit', () => {
  expect(() => createDecoder(config(4))).toThrow("4 suffix blocks don't fit into 3 layers")
  expect(() => createDecoder({ ...config(1), heads: 3 })).toThrow(
    'the hidden size 8 must be an even multiple of the 3 heads',
  )
  expect(() => createDecoder(config(1, { intermediateSize: 0 }))).toThrow('blocks without an MLP')
})
