import { tf, tidy, type Batch, type ScanStep, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { MixingState, MlpWeights, SuffixParams } from '@ttt-e2e/swa-transformer'
import {
  learnFromChunk,
  lossChunkOf,
  predictChunk,
  type FastWeights,
  type Params,
  type System,
} from '@ttt-e2e/ttt-inner'
import { columns } from './batch-columns'
import { chunkMeans } from './chunk-means'
import { divide, type TrainedLeaves } from './trained-part'

/** What a chunk leaves to the next one: the weights that learn (the prime MLPs where nothing does) and the states. */
export type Carry = { fast: FastWeights; states: MixingState[] }
/** The prefix's output for the chunk [B, b, D], where its gradient is asked for. */
export type ChunkInput = { hidden?: Tensor }
/** Per sequence [B]; without a rule there is one piece, with the means of its chunks of the loss [B, K]. */
export type ChunkOutput = { loss: Tensor }
/** Nats [B, b] and the norm of the inner gradient [B]; what is recorded only on request. */
export type ChunkTold = { tokenLosses: Tensor; norm?: Tensor; hidden?: Tensor; gradient?: FastWeights }

export interface ChunkStep extends ScanStep<Carry, ChunkInput, ChunkOutput, ChunkTold> {
  /** What was made for the step alone: the caller's to free. */
  own: TensorTree
}
type Data = {
  targets: Tensor
  mask: Tensor
  rate: Tensor
  rateMultiplier: Tensor
  position: Tensor
  /** Of a rule with a decay. */
  decay?: Tensor
  /** The prefix's output where no gradient of it is asked for, and the parameters that aren't trained. */
  hidden?: Tensor
  frozen: readonly Tensor[]
}
/** `prime`: W₀, for a rule that goes back towards it. */
type StepParams = SuffixParams & { prime?: readonly MlpWeights[] }
type Given = { params: readonly Tensor[]; carry: Carry; input: ChunkInput }
/** Makes a step's parameters of those that are trained and the others. */
type Join = (trained: readonly Tensor[], frozen: readonly Tensor[]) => StepParams

/** Targets of a piece of the suffix: a chunk of the rule's, else the whole sequence. */
export const pieceOf = (system: System, length: number): number =>
  system.rule ? lossChunkOf(system, length) : length

/**
 * The suffix over the chunks of whole sequences, as the steps of a scan.
 *
 * @param hidden the prefix's output [B, T, D]
 * @param options.trained the tensors of `params` that gradients are asked for
 * @param options.ofHidden whether the gradient with respect to `hidden` is asked for
 */
export function chunkSteps(
  system: System,
  params: Params,
  batch: Batch,
  hidden: Tensor,
  options: { rateMultiplier: number; record: boolean; trained: TrainedLeaves; ofHidden: boolean },
): ChunkStep[] {
  const { rateMultiplier, record, trained, ofHidden } = options
  const { length } = batch
  const size = pieceOf(system, length)
  const count = Math.ceil(length / size)
  const lossChunk = lossChunkOf(system, length)
  const decay = system.rule?.decay ?? 0
  const stepParams: StepParams = {
    ...system.decoder.suffixParams(params),
    ...(decay > 0 && { prime: params.prime }),
  }
  const divided = divide(stepParams, trained)
  return Array.from({ length: count }, (_, i) => {
    const [first, end] = [i * size, Math.min(length, (i + 1) * size)]
    const { tokens, targets, mask } = columns(batch, first, end)
    tokens.dispose()
    // Nobody reads on after the last chunk, so its step is taken only for the record; an unfinished one learns nothing.
    const learn = system.rule !== undefined && end - first === size && (i < count - 1 || record)
    const rows = { hidden: tidy(() => tf.slice(hidden, [0, first, 0], [-1, end - first, -1])) }
    const data = {
      targets,
      mask,
      rate: tf.scalar((system.rule?.rate ?? 0) * rateMultiplier),
      rateMultiplier: tf.scalar(rateMultiplier),
      position: tf.fill([batch.batch], first, 'int32'),
      ...(decay > 0 && { decay: tf.scalar(decay) }),
    }
    return {
      ...chunkFunction(system, { learn, record, lossChunk }, divided.join),
      params: divided.trained,
      input: ofHidden ? rows : {},
      data: { ...data, ...(!ofHidden && rows), frozen: divided.frozen },
      own: [rows, data],
    }
  })
}

function chunkFunction(
  system: System,
  { learn, record, lossChunk }: { learn: boolean; record: boolean; lossChunk: number },
  join: Join,
): Pick<ChunkStep, 'key' | 'run'> {
  return {
    key: { owner: system, key: JSON.stringify(['chunk', learn, record, lossChunk]) },
    run({ params: trained, carry, input }: Given, data: Data) {
      const { targets, mask, rate, decay, frozen, hidden: constant, ...context } = data
      const params = join(trained, frozen)
      const chunk = { hidden: input.hidden ?? constant!, targets, mask }
      if (!learn) {
        const read = predictChunk(system, params, carry.fast, chunk, carry.states, context)
        const loss = system.rule ? read.loss : chunkMeans(read.tokenLosses, mask, lossChunk)
        return {
          value: { output: { loss } },
          aux: { tokenLosses: read.tokenLosses, ...(record && { hidden: read.hidden }) },
        }
      }
      const towards = decay && { start: params.prime!, share: decay }
      const learned = learnFromChunk(system, params, carry.fast, chunk, carry.states, rate, context, towards)
      const { loss, fast, tokenLosses, norm, hidden, gradient } = learned
      return {
        value: { carry: { fast, states: learned.states }, output: { loss } },
        aux: { tokenLosses, norm, ...(record && { hidden, gradient }) },
      }
    },
  }
}
