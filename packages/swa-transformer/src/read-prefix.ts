import { disposeTree, program, tidy, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MixingState } from './block'
import type { Decoder, DecoderParams } from './decoder'
import { disposeUnkept } from './grown-states'

/**
 * Reads tokens through the prefix, as one program. Takes the states over: what isn't written over is freed.
 *
 * @param tokens int32 [B, T]
 * @param states with room for these tokens
 * @param position int32 [B]: tokens of each sequence before these
 * @returns the suffix's input [B, T, D] and the states after these tokens; the caller's
 */
export function readPrefix(
  decoder: Decoder,
  params: DecoderParams,
  tokens: Tensor,
  states: MixingState[],
  position: Tensor,
): { hidden: Tensor; states: MixingState[] } {
  const { prefix } = decoder
  const read = program(
    { owner: decoder, key: 'read prefix' },
    ({ embedding, stages, tokens, position }, states) => {
      const embedded = decoder.embed(embedding, tokens)
      let hidden = embedded
      const context = { position, ...(decoder.readsEmbedding && { embedded }) }
      const after = prefix.map((stage, i) => {
        const before = hidden
        // What a stage makes on the way is let go of with it, and the state that it went on from: of all of them it may be
        // more than the weights.
        const next = tidy(() => stage.run(stages[i], before, states[i], context))
        disposeUnkept(states[i], next.state)
        if (before !== embedded && before !== next.hidden) before.dispose()
        hidden = next.hidden
        return next.state
      })
      return { hidden, states: after }
    },
    {
      embedding: params.embedding,
      stages: prefix.map((stage) => stage.params(params)),
      tokens,
      position,
    },
    states,
  )
  disposeTree(states)
  return read
}
