import { counted } from '@ttt-e2e/tensor-ops/counted'
import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { formatDuration, gitHash, UserError, type Progress } from '@ttt-e2e/cli'
import { disposeRun, type Recipe } from '@ttt-e2e/meta-outer'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { beginRun, openTask, resumeRun, trainRun } from '@ttt-e2e/training'
import { isDeepStrictEqual } from 'node:util'

/** Trains the run in a folder to its end; one that is done is left as it is. @throws the signal's reason */
export async function obtainRun({
  folder,
  recipe,
  engine,
  signal,
  progress,
}: {
  folder: string
  recipe: Recipe
  engine: ResolvedEngine
  signal: AbortSignal
  progress: Progress
}): Promise<void> {
  const begun = listCheckpoints(folder).length > 0
  const run = begun
    ? await resumeRun({ folder })
    : await beginRun({ folder, recipe, precision: engine.precision })
  try {
    const { steps } = run.recipe.training.optimizer.schedule
    if (!isSame(run.recipe, recipe))
      throw new UserError(
        `'${folder}' holds a run with other settings; give the same ones, or --out another folder`,
      )
    if (run.state.step >= steps) return
    const task = await openTask(run.recipe, { tokenizer: run.tokenizer })
    progress.print(`${recipe.system} · ${counted(steps, 'step')} of ${task.summary} · ${folder}`)
    const recent: number[] = []
    for await (const event of trainRun({ run, task, engine, gitHash: gitHash(), signal, evaluates: false })) {
      if (event.kind === 'step') {
        const { step, loss, seconds } = event.line
        recent.push(seconds)
        const perStep = recent.slice(-20).reduce((sum, x) => sum + x, 0) / Math.min(20, recent.length)
        const rate = `${Math.round(event.report.tokens / perStep)} tokens/s`
        progress.update(
          `${recipe.system} · step ${step}/${steps} · loss ${loss.toFixed(3)} · ${rate} · ${formatDuration((steps - step) * perStep)} left`,
        )
      } else if (event.kind === 'failed') throw new UserError(`${event.reason}; ${event.detail}`)
    }
    signal.throwIfAborted()
  } finally {
    disposeRun(run.state)
  }
}

/** Whether a run was begun by this recipe: but for what the pretrained model has said. */
function isSame(stored: Recipe, asked: Recipe): boolean {
  const given = ({ system, data, training, warmStart, size }: Recipe) => {
    const { hash: _hash, ...warm } = warmStart!
    const { window, chunk, innerRate, innerDecay, suffixBlocks } = size
    return { system, data, training, warm, window, chunk, innerRate, innerDecay, suffixBlocks }
  }
  return isDeepStrictEqual(given(stored), given(asked))
}
