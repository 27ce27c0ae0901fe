import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileDurably } from '@ttt-e2e/checkpoint'
import type { StepReport } from '@ttt-e2e/meta-outer'
import type { HeldOutLoss } from './evaluate'

/** A line of metrics.jsonl. `step` counts the steps taken: 1 after the first. */
export type Metric =
  | {
      kind: 'step'
      step: number
      loss: number
      /** Mean over the batch in the first and in the last chunk of the sequences. */
      firstChunk: number
      lastChunk: number
      gradientNorm: number
      /** Mean norm of the inner gradients; 0 where nothing learns. */
      innerNorm: number
      learningRate: number
      innerRate: number
      seconds: number
    }
  | ({ kind: 'held-out'; step: number } & HeldOutLoss)

/** A run's metrics.jsonl, a line for each step and each evaluation. */
export class Metrics {
  private readonly path: string

  /** @param step where the run goes on from: what was written after it is taken back, it will come again */
  constructor(run: string, step: number) {
    this.path = join(run, 'metrics.jsonl')
    const kept = this.lines().filter((metric) => metric.step <= step)
    writeFileDurably(this.path, kept.map((metric) => `${JSON.stringify(metric)}\n`).join(''))
  }

  hasHeldOut(step: number): boolean {
    return this.lines().some((metric) => metric.kind === 'held-out' && metric.step === step)
  }

  add(metric: Metric): void {
    appendFileSync(this.path, `${JSON.stringify(metric)}\n`)
  }

  private lines(): Metric[] {
    if (!existsSync(this.path)) return []
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as Metric]
        } catch {
          // The last line of a run that was killed while it wrote.
          return []
        }
      })
  }
}

/** The line of a training step. */
export function stepMetric(report: StepReport, seconds: number): Extract<Metric, { kind: 'step' }> {
  const { chunkLosses, innerNorms } = report
  return {
    kind: 'step',
    step: report.step + 1,
    loss: report.loss,
    firstChunk: chunkLosses[0],
    lastChunk: chunkLosses[chunkLosses.length - 1],
    gradientNorm: report.gradientNorm,
    innerNorm: innerNorms.length === 0 ? 0 : innerNorms.reduce((sum, x) => sum + x, 0) / innerNorms.length,
    learningRate: report.learningRate,
    innerRate: report.innerRate,
    seconds,
  }
}
