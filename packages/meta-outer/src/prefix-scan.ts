import {
  disposeTree,
  scanVjp,
  tf,
  tidy,
  vjp,
  type Batch,
  type GradientSum,
  type ScanOptions,
  type ScanStep,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { columns } from './batch-columns'

/** What scans keep for the way back, and when they pause. */
export type Keep = Pick<ScanOptions<never, never, never>, 'tapes' | 'stride' | 'pause'>

/** The residual stream between two stages of the prefix [B, T, D], and the embeddings for stages that need them too. */
type Hidden = { hidden: Tensor; embedded?: Tensor }
type Nothing = Record<string, never>
type Data = { rateMultiplier: Tensor; position: Tensor }

/**
 * The prefix over whole sequences, forwards.
 *
 * @param onStage called for the embedding and after each stage
 * @param onPulled called on the way back, when a stage's gradients are in the sum
 */
export async function scanPrefix(
  system: System,
  params: Params,
  batch: Batch,
  rateMultiplier: number,
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
  const dispose = () => {
    embedded.dispose()
    disposeTree([embedded.value, tokens, data])
  }
  const steps = prefixSteps(system, params, batch.batch, data)
  const onStep = ({ carry }: { carry?: Hidden }) => onStage?.(carry!.hidden)
  const passed = system.decoder.readsEmbedding ? { embedded: tidy(() => tf.clone(embedded.value)) } : {}
  const start: Hidden = { hidden: embedded.value, ...passed }
  const scan = await scanVjp(steps, start, { ...keep, onStep, ...(onPulled && { onPulled }) }).catch(
    (error) => {
      disposeTree(passed)
      dispose()
      throw error
    },
  )
  return {
    /** What the suffix starts from [B, T, D]; the scan's. */
    hidden: scan.carry!.hidden,
    /** @param hidden the gradient with respect to it; freed here */
    async pull(hidden: Tensor, sum: GradientSum): Promise<void> {
      // Nobody reads the embeddings after the last stage.
      const unread = passed.embedded && { embedded: tidy(() => tf.zerosLike(passed.embedded!)) }
      const { carry } = await scan.pull({ carry: { hidden, ...unread } }, sum)
      const { embedded: read } = carry
      const both = read ? tidy(() => tf.add(carry.hidden, read)) : undefined
      sum.add({ embedding }, embedded.pull(both ?? carry.hidden))
      both?.dispose()
      disposeTree(carry)
    },
    dispose() {
      scan.dispose()
      disposeTree(passed)
      dispose()
    },
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
