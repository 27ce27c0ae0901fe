import { listCheckpoints, loadCheckpoint } from '@ttt-e2e/checkpoint'
import { disposeRun, NonFiniteGradient, NonFiniteLoss } from '@ttt-e2e/meta-outer'
import type { MetricsFile } from './metrics-file'
import type { Run } from './run'
import type { RunRanks } from './run-ranks'

/**
 * What a run does where a loss or a gradient is not finite. `skip`: it passes the batch over. `rollback`: it passes the batch
 * over from its last good checkpoint on, so that what led there is unlearned too.
 */
export const onNonFinite = ['stop', 'rollback', 'skip'] as const
export type OnNonFinite = (typeof onNonFinite)[number]

/** As many batches in a row, or rollbacks in all, are a sign that passing over doesn't help. */
const mostTries = 10

export const isNonFinite = (error: unknown): error is NonFiniteLoss | NonFiniteGradient =>
  error instanceof NonFiniteLoss || error instanceof NonFiniteGradient

/** Gets a run past batches whose numbers are not finite. */
export class Recovery {
  private tries = 0

  constructor(
    private readonly run: Run,
    private readonly metrics: MetricsFile,
    private readonly how: OnNonFinite,
    private readonly ranks: RunRanks,
  ) {}

  stepTaken(): void {
    if (this.how === 'skip') this.tries = 0
  }

  /** @returns what was done, in words; undefined where the run is to stop */
  async passOver({ cursor }: NonFiniteLoss | NonFiniteGradient): Promise<string | undefined> {
    const { run, how } = this
    if (how === 'stop' || ++this.tries > mostTries) return undefined
    if (how === 'rollback') {
      if (listCheckpoints(run.folder).length === 0) return undefined
      const { state } = await loadCheckpoint(run.folder)
      disposeRun(run.state)
      Object.assign(run.state, state)
      this.ranks.parallel?.shard()
      this.metrics.goOnFrom(state.step)
    }
    run.state.cursor = cursor
    return how === 'skip'
      ? 'its batch is passed over'
      : `back at the checkpoint of step ${run.state.step}, and on behind that batch`
  }
}
