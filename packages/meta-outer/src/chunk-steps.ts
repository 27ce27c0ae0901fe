import { tf, tidy, type ScanStep, type Tensor } from '@ttt-e2e/tensor-ops'
import { advanced, joinStates, stateTensors, type SuffixParams } from '@ttt-e2e/swa-transformer'
import { learnFromChunk, lossChunkOf, predictChunk, type FastWeights, type System } from '@ttt-e2e/ttt-inner'
import { columns, type Batch } from './batch'
import { chunkMeans } from './chunk-means'

/** What a chunk leaves to the next one: the weights that learn (the prime MLPs where nothing does) and the states. */
export type Carry = { fast: FastWeights; states: Record<string, Tensor>[] }
/** The prefix's output for the chunk [B, b, D]. */
export type ChunkInput = { hidden: Tensor }
/** Per sequence [B]; without a rule there is one piece, with the means of its chunks of the loss [B, K]. */
export type ChunkOutput = { loss: Tensor }
/** Nats [B, b] and the norm of the inner gradient [B]; what is recorded only on request. */
export type ChunkTold = { tokenLosses: Tensor; norm?: Tensor; hidden?: Tensor; gradient?: FastWeights }

export type ChunkStep = ScanStep<Carry, ChunkInput, ChunkOutput, ChunkTold>
type Data = { targets: Tensor; mask: Tensor; rate: Tensor; rateMultiplier: Tensor }
type Given = { params: SuffixParams; carry: Carry; input: ChunkInput }
export type Metas = Record<string, number>[]

/** Targets of a piece of the suffix: a chunk of the rule's, else the whole sequence. */
export const pieceOf = (system: System, length: number): number =>
  system.rule ? lossChunkOf(system, length) : length

/**
 * The suffix over the chunks of whole sequences, as the steps of a scan. Their inputs and data are the caller's to free.
 *
 * @param hidden the prefix's output [B, T, D]
 * @param metas of the states before the first token
 */
export function chunkSteps(
  system: System,
  params: SuffixParams,
  batch: Batch,
  hidden: Tensor,
  metas: Metas,
  options: { rateMultiplier: number; record: boolean },
): ChunkStep[] {
  const { rateMultiplier, record } = options
  const { length } = batch
  const size = pieceOf(system, length)
  const count = Math.ceil(length / size)
  const lossChunk = lossChunkOf(system, length)
  return Array.from({ length: count }, (_, i) => {
    const [first, end] = [i * size, Math.min(length, (i + 1) * size)]
    const { tokens, targets, mask } = columns(batch, first, end)
    tokens.dispose()
    // Nobody reads on after the last chunk, so its step is taken only for the record; an unfinished one learns nothing.
    const learn = system.rule !== undefined && end - first === size && (i < count - 1 || record)
    return {
      ...chunkFunction(system, { learn, record, lossChunk }, advanced(metas, first)),
      params,
      input: { hidden: tidy(() => tf.slice(hidden, [0, first, 0], [-1, end - first, -1])) },
      data: {
        targets,
        mask,
        rate: tf.scalar((system.rule?.rate ?? 0) * rateMultiplier),
        rateMultiplier: tf.scalar(rateMultiplier),
      },
    }
  })
}

function chunkFunction(
  system: System,
  { learn, record, lossChunk }: { learn: boolean; record: boolean; lossChunk: number },
  metas: Metas,
): Pick<ChunkStep, 'key' | 'run'> {
  const phases = system.decoder.suffixPhases(metas.map((meta) => ({ tensors: {}, meta })))
  return {
    key: { owner: system, key: JSON.stringify(['chunk', learn, record, lossChunk, phases]) },
    run({ params, carry, input }: Given, { targets, mask, rate, rateMultiplier }: Data) {
      const chunk = { hidden: input.hidden, targets, mask }
      const states = joinStates(carry.states, metas)
      if (!learn) {
        const read = predictChunk(system, params, carry.fast, chunk, states, rateMultiplier)
        const loss = system.rule ? read.loss : chunkMeans(read.tokenLosses, mask, lossChunk)
        return {
          value: { output: { loss } },
          aux: { tokenLosses: read.tokenLosses, ...(record && { hidden: read.hidden }) },
        }
      }
      const learned = learnFromChunk(system, params, carry.fast, chunk, states, rate, rateMultiplier)
      const { loss, fast, tokenLosses, norm, hidden, gradient } = learned
      return {
        value: { carry: { fast, states: stateTensors(learned.states) }, output: { loss } },
        aux: { tokenLosses, norm, ...(record && { hidden, gradient }) },
      }
    },
  }
}
