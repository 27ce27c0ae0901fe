import type { ScanStep, Tensor, TensorTree } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'

/** The residual stream between two stages of the prefix [B, T, D]. */
export type Hidden = { hidden: Tensor }
type Nothing = Record<string, never>
type Data = { rateMultiplier: Tensor; position: Tensor }

/** The stages of the prefix over whole sequences, as the steps of a scan. */
export function prefixSteps(
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
      const { hidden } = stage.run(params, carry.hidden, start, data)
      return { value: { carry: { hidden }, output: {} } }
    },
  }))
}
