import { describe, expect, it } from 'vitest'
import {
  createRandom,
  disposeTree,
  read,
  resolveEngine,
  tf,
  tidy,
  treeMap,
  type Precision,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { createDecoder, type Decoder, type DecoderParams } from './decoder'
import type { MixingState } from './block'
import { growPrefix } from './grown-states'
import type { MixerKind, MixerSizes } from './mixer'
import { readPrefix } from './read-prefix'

const [vocabulary, batch, steps, mostNats] = [32, 4, 512, 0.01]

/** Tokens [T + 1][batch]. */
type Text = number[][]

/** 'write' draws each token after the first from its prediction and puts it into the text; 'forget' starts anew at each. */
type How = 'read' | 'write' | 'forget'

/**
 * Holds what bf16 products cost a mixer after 512 steps below 0.01 nats a token. Two layers of it, with MLPs, write a text
 * in f32: each token is drawn from their own prediction, so that what the state holds is worth nats and what it loses
 * shows. Then they read that text in bf16. Writing and reading go token by token, and what is carried is carried from the
 * first token to the last; losses are compared over the last quarter.
 *
 * @param step tokens of a step: those between two updates of what the mixer learns by
 */
export function holdDriftOfBf16(kind: MixerKind, sizes: MixerSizes, step: number): void {
  describe('in bf16', () => {
    useEngine('native', { precision: 'bf16' })

    it('reads as in f32 after 512 steps', async () => {
      const config = {
        ...sizes,
        vocabularySize: vocabulary,
        intermediateSize: 2 * sizes.hiddenSize,
        mixers: [kind, kind],
        suffixBlocks: 0,
      }
      const lossesIn = async (precision: Precision, text: Text, how: How) => {
        await resolveEngine('native', { precision })
        return lossesOf(createDecoder(config), text, how)
      }
      const length = steps * step
      const text: Text = Array.from({ length: length + 1 }, () => Array.from({ length: batch }, () => 0))
      const exact = await lossesIn('f32', text, 'write')
      const rounded = await lossesIn('bf16', text, 'read')
      const from = 0.75 * length
      const forgetful = await lossesIn('f32', text.slice(from), 'forget')
      expect(rounded).not.toEqual(exact)
      const last = mean(exact.slice(from * batch))
      expect(Math.abs(mean(rounded.slice(from * batch)) - last)).toBeLessThan(mostNats)
      // What is carried is worth far more than what it may drift by.
      expect(mean(forgetful) - last).toBeGreaterThan(10 * mostNats)
    })
  })
}

/**
 * The nats of each token after the first, [T · batch]. Weights are as drawn, but for an embedding so large that
 * predictions have 1 to 2 nats, not the logarithm of the vocabulary.
 */
async function lossesOf(decoder: Decoder, text: Text, how: How): Promise<number[]> {
  const params = tf.tidy(() => {
    const drawn = decoder.init(createRandom(1))
    return { ...drawn, embedding: tf.mul(drawn.embedding, 25) } as never
  }) as DecoderParams
  const random = createRandom(3)
  const losses: number[] = []
  let states = startStates(decoder, params)
  for (let t = 0; t + 1 < text.length; t++) {
    const position = how === 'forget' ? 0 : t
    growPrefix(decoder, states, position + 1)
    const { logits, after } = await readTokens(decoder, params, text[t], states, position)
    states = after
    if (how === 'forget') {
      disposeTree(states)
      states = startStates(decoder, params)
    }
    for (let b = 0; b < batch; b++) {
      const row = logits.subarray(b * vocabulary, (b + 1) * vocabulary)
      const highest = Math.max(...row)
      const weights = Array.from(row, (logit) => Math.exp(logit - highest))
      const sum = weights.reduce((total, weight) => total + weight)
      if (how === 'write') text[t + 1][b] = placeOf(sum * random.uniform(), weights)
      losses.push(Math.log(sum / weights[text[t + 1][b]]))
    }
  }
  disposeTree([params, states])
  return losses
}

const startStates = (decoder: Decoder, params: DecoderParams): MixingState[] =>
  tidy(() => {
    const states = decoder.prefix.map((stage) => stage.start(stage.params(params), batch))
    return treeMap(states, (tensor) => tf.clone(tensor))
  })

/** Reads one token of each sequence. @returns logits [batch · vocabulary] of what follows, and the states after it */
async function readTokens(
  decoder: Decoder,
  params: DecoderParams,
  tokens: number[],
  before: MixingState[],
  at: number,
): Promise<{ logits: Float32Array; after: MixingState[] }> {
  const ids = tf.tensor(tokens, [batch, 1], 'int32')
  const position = tf.fill([batch], at, 'int32')
  const { hidden, states: after } = readPrefix(decoder, params, ids, before, position)
  const suffix = decoder.suffixParams(params)
  const logits = tidy(() =>
    decoder.logits(suffix, decoder.readSuffix(suffix, [], hidden, [], { position }).hidden),
  )
  const values = await read(logits)
  disposeTree([ids, position, hidden, logits])
  return { logits: values, after }
}

/** The place among `weights` that lies so far along their sum. */
function placeOf(along: number, weights: readonly number[]): number {
  let place = 0
  while (place < weights.length - 1 && (along -= weights[place]) > 0) place++
  return place
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
