import { program, type Tensor } from '@ttt-e2e/tensor-ops'
import type { Decoder, DecoderParams } from './decoder'
import { advanced, joinStates, stateMetas, stateTensors, type SequenceState } from './mixer'

/**
 * Reads tokens through the prefix, as one program. Frees nothing of what it is given.
 *
 * @param tokens int32 [B, T]
 * @returns the suffix's input [B, T, D] and the states after these tokens; the caller's
 */
export function readPrefix(
  decoder: Decoder,
  params: DecoderParams,
  tokens: Tensor,
  states: readonly SequenceState[],
): { hidden: Tensor; states: SequenceState[] } {
  const { prefix } = decoder
  const metas = stateMetas(states)
  const phases = prefix.map((stage, i) => stage.phase(states[i]))
  const after = program(
    { owner: decoder, key: `read prefix ${phases}` },
    ({ embedding, stages, tokens, states }) => {
      let hidden = decoder.embed(embedding, tokens)
      const tensors = prefix.map((stage, i) => {
        const next = stage.run(stages[i], hidden, { tensors: states[i], meta: metas[i] })
        hidden = next.hidden
        return next.state.tensors
      })
      return { hidden, states: tensors }
    },
    {
      embedding: params.embedding,
      stages: prefix.map((stage) => stage.params(params)),
      tokens,
      states: stateTensors(states),
    },
  )
  return { hidden: after.hidden, states: joinStates(after.states, advanced(metas, tokens.shape[1]!)) }
}
