import { formatCount, formatDuration, gitHash, type Progress, UserError } from '@ttt-e2e/cli'
import { saveCheckpoint } from '@ttt-e2e/checkpoint'
import { NonFiniteGradient, NonFiniteLoss, train, type StepReport } from '@ttt-e2e/meta-outer'
import { read, treeEntries, treeSize, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { evaluate } from './evaluate'
import { Metrics, stepMetric } from './metrics'
import type { Run } from './open-run'
import type { Task } from './task'

/** Without --save-every. */
const saveEverySeconds = 30
/** Steps whose mean time tells what is left. */
const recentSteps = 20

/** One run from where it stands to its end, or to a signal. */
export class Training {
  private readonly steps: number
  private readonly metrics: Metrics
  private readonly git = gitHash()
  private readonly recent: number[] = []
  private savedAt = performance.now()
  private savedStep: number
  private savedPath?: string

  constructor(
    private readonly run: Run,
    private readonly task: Task,
    private readonly engine: ResolvedEngine,
    private readonly progress: Progress,
    private readonly signal: AbortSignal,
    private readonly saveEvery: number | undefined,
  ) {
    this.steps = run.recipe.training.optimizer.schedule.steps
    this.metrics = new Metrics(run.folder, run.state.step)
    this.savedStep = run.state.step
  }

  async toTheEnd(): Promise<number> {
    const { run, progress, signal, steps } = this
    const { state } = run
    this.describe()
    const startedAt = performance.now()
    const first = state.step
    try {
      await this.evaluateIfDue()
      await this.takeSteps()
    } catch (error) {
      if (error instanceof NonFiniteLoss || error instanceof NonFiniteGradient)
        return await this.giveUp(error.message)
      if (error !== signal.reason) throw error
    }
    await this.save()
    progress.clear()
    if (state.step >= steps) {
      const taken = first === 0 ? `${steps} steps` : `${steps} steps, ${state.step - first} of them`
      const duration = formatDuration((performance.now() - startedAt) / 1000)
      progress.print(`done: ${taken} in ${duration}; ${run.folder}`)
      return 0
    }
    progress.print(
      `stopped after step ${state.step} of ${steps} and saved; go on with --resume ${run.folder}`,
    )
    return 0
  }

  private async takeSteps(): Promise<void> {
    const { run, task, signal } = this
    const { system, state, recipe } = run
    const data = task.stream(state.cursor, signal)
    const { optimizer } = recipe.training
    let startedAt = performance.now()
    for await (const report of train({ system, state, data, optimizer, signal })) {
      const seconds = (performance.now() - startedAt) / 1000
      this.metrics.add(stepMetric(report, seconds))
      this.show(report, seconds)
      if (this.saveIsDue()) await this.save()
      await this.evaluateIfDue()
      startedAt = performance.now()
    }
  }

  private describe(): void {
    const { run, task, progress, steps } = this
    const { recipe, state } = run
    const { batch, length } = recipe.training
    progress.print(
      `${recipe.name} · ${recipe.system} · ${formatCount(treeSize(state.params))} parameters · ${task.summary}`,
    )
    const where = state.step > 0 ? `from step ${state.step} ` : ''
    progress.print(`${steps} steps ${where}of ${batch} × ${length} tokens · ${run.folder}`)
  }

  private show({ step, loss, chunkLosses, tokens }: StepReport, seconds: number): void {
    this.recent.push(seconds)
    if (this.recent.length > recentSteps) this.recent.shift()
    const perStep = this.recent.reduce((sum, x) => sum + x, 0) / this.recent.length
    const last = chunkLosses[chunkLosses.length - 1]
    this.progress.update(
      `step ${step + 1}/${this.steps} · loss ${loss.toFixed(3)} · first chunk ${chunkLosses[0].toFixed(3)}, ` +
        `last ${last.toFixed(3)} · ${Math.round(tokens / perStep)} tokens/s · ` +
        `${formatDuration((this.steps - step - 1) * perStep)} left`,
    )
  }

  private async evaluateIfDue(): Promise<void> {
    const { run, task, signal, progress } = this
    const { step, params } = run.state
    const due = step > 0 && (step % run.recipe.evaluation.every === 0 || step === this.steps)
    if (!due || task.heldOut.length === 0 || this.metrics.hasHeldOut(step)) return
    const { bosToken, heldOut } = task
    const result = await evaluate(run.system, params, heldOut, { bosToken, signal })
    this.metrics.add({ kind: 'held-out', step, ...result })
    const [begin, ...later] = result.byPlace
    const place = ({ from, to, loss }: typeof begin) => `${from + 1}–${to} ${loss.toFixed(3)}`
    const ends = [begin, ...later.slice(-1)].map(place).join(', ')
    progress.print(`step ${step} · held-out ${result.loss.toFixed(3)} nats per token · tokens ${ends}`)
  }

  private saveIsDue(): boolean {
    const { step } = this.run.state
    if (this.saveEvery !== undefined) return step % this.saveEvery === 0
    return performance.now() - this.savedAt > saveEverySeconds * 1000
  }

  private async save(): Promise<void> {
    const { run, engine, git } = this
    const { recipe, state } = run
    if (state.step === this.savedStep) return
    try {
      this.savedPath = await saveCheckpoint(run.folder, { recipe, state, engine, gitHash: git })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      throw new UserError(
        `the checkpoint can't be written (${code}); the last good one is ${this.lastGood()}`,
      )
    }
    this.savedAt = performance.now()
    this.savedStep = state.step
  }

  private lastGood(): string {
    return this.savedPath ?? (this.savedStep > 0 ? `that of step ${this.savedStep}` : 'none yet')
  }

  private async giveUp(reason: string): Promise<number> {
    const named = treeEntries(this.run.state.params)
    const values = await read(named.map(([, tensor]) => tensor))
    const spoilt = values.findIndex((each) => !each.every(Number.isFinite))
    const tensor =
      spoilt >= 0 ? `the parameter ${named[spoilt][0]} is not finite` : 'all parameters are finite'
    this.progress.clear()
    process.stderr.write(`${reason}; ${tensor}; last good checkpoint: ${this.lastGood()}\n`)
    return 1
  }
}
