import {
  disposeTree,
  scanVjp,
  TapeBudget,
  tf,
  tidy,
  vjp,
  type Batch,
  type GradientSum,
  type Scan,
  type ScanOptions,
  type ScanStep,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { columns } from './batch-columns'
import { hasTrained, type TrainedLeaves } from './trained-part'

/** What scans keep for the way back, and when they pause. */
export type Keep = Pick<ScanOptions<never, never, never>, 'tapes' | 'keeps' | 'pause'>

/** The residual stream between two stages of the prefix [B, T, D], and the embeddings for stages that need them too. */
type Hidden = { hidden: Tensor; embedded?: Tensor }
type Nothing = Record<string, never>
type Data = { rateMultiplier: Tensor; position: Tensor }

/**
 * The prefix over whole sequences, forwards. Its stages before the first that is trained leave nothing for a way back.
 *
 * @param options.trained the tensors of `params` that gradients are asked for
 * @param onStage called for the embedding and after each stage
 * @param onPulled called on the way back, when a stage's gradients are in the sum
 */
export async function scanPrefix(
  system: System,
  params: Params,
  batch: Batch,
  { rateMultiplier, trained }: { rateMultiplier: number; trained: TrainedLeaves },
  keep: Keep,
  onStage?: (hidden: Tensor) => void,
  onPulled?: (stage: number) => void,
) {
  const { embedding } = params
  const { tokens, ...unused } = columns(batch, 0, batch.length)
  disposeTree(unused)
  const data = { rateMultiplier: tf.scalar(rateMultiplier), position: tf.zeros([batch.batch], 'int32') }
  const embed = (x: { embedding: Tensor }) => ({ value: system.decoder.embed(x.embedding, tokens) })
  const embedded = vjp(embed, { embedding })
  onStage?.(embedded.value)
  const steps = prefixSteps(system, params, batch.batch, data)
  const ofEmbedding = hasTrained(embedding, trained)
  const first = ofEmbedding ? 0 : steps.findIndex((step) => hasTrained(step.params, trained))
  const frozen = first < 0 ? steps : steps.slice(0, first)
  const onStep = ({ carry }: { carry?: Hidden }) => onStage?.(carry!.hidden)
  const passed = system.decoder.readsEmbedding ? { embedded: tidy(() => tf.clone(embedded.value)) } : {}
  const scans: Scan<Hidden, Nothing, Nothing>[] = []
  const dispose = () => {
    for (const scan of scans) scan.dispose()
    embedded.dispose()
    disposeTree([embedded.value, tokens, data, passed])
  }
  const scanned = async (part: typeof steps, start: Hidden, kept: Keep): Promise<Hidden> => {
    if (part.length === 0) return start
    const told = onPulled && { onPulled: (i: number) => onPulled(frozen.length + i) }
    const scan = await scanVjp(part, start, { ...kept, onStep, ...told })
    scans.push(scan)
    return scan.carry!
  }
  let end: Hidden
  try {
    const nothing = { ...keep, tapes: new TapeBudget(0), keeps: () => false }
    const start = await scanned(frozen, { hidden: embedded.value, ...passed }, nothing)
    end = await scanned(steps.slice(frozen.length), start, keep)
  } catch (error) {
    dispose()
    throw error
  }
  /** @param hidden the gradient with respect to what the suffix starts from; freed here */
  const pull = async (hidden: Tensor, sum: GradientSum): Promise<void> => {
    // Nobody reads the embeddings after the last stage.
    const unread = passed.embedded && { embedded: tidy(() => tf.zerosLike(passed.embedded!)) }
    const last = { hidden, ...unread }
    // Without a stage to walk back, what comes in goes out.
    const { carry } =
      frozen.length < steps.length
        ? await scans[scans.length - 1].pull({ carry: last }, sum)
        : { carry: last }
    if (ofEmbedding) {
      const { embedded: read } = carry
      const both = read ? tidy(() => tf.add(carry.hidden, read)) : undefined
      sum.add({ embedding }, embedded.pull(both ?? carry.hidden))
      both?.dispose()
    }
    disposeTree(carry)
  }
  return {
    /** What the suffix starts from [B, T, D]; the scan's. */
    hidden: end.hidden,
    /** Absent where nothing of the prefix is trained. */
    ...((ofEmbedding || first >= 0) && { pull }),
    dispose,
  }
}

function prefixSteps(
  system: System,
  params: Params,
  batch: number,
  data: Data,
): ScanStep<Hidden, Nothing, Nothing>[] {
  return system.decoder.prefix.map((stage, i) => ({
    key: { owner: system, key: `prefix stage ${i}` },
    params: stage.params(params),
    input: {},
    data,
    run({ params, carry }: { params: TensorTree; carry: Hidden }, data: Data) {
      const start = stage.start(params, batch)
      const { embedded } = carry
      const { hidden } = stage.run(params, carry.hidden, start, { ...data, ...(embedded && { embedded }) })
      return { value: { carry: { hidden, ...(embedded && { embedded: tf.clone(embedded) }) }, output: {} } }
    },
  }))
}
