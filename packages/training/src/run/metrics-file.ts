import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import type { StepReport } from '@ttt-e2e/meta-outer'
import type { HeldOutLoss } from '../evaluate'

/** What is known of a training step. `step` counts the steps taken: 1 after the first. */
export interface StepLine {
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
  /** Wall time of the step. */
  seconds: number
}

/** The losses of the held-out documents after so many steps. */
export interface HeldOutLine extends HeldOutLoss {
  kind: 'held-out'
  step: number
}

/** A line of metrics.jsonl. */
export type MetricsLine = StepLine | HeldOutLine

/** A run's metrics.jsonl, a line for each step and each evaluation. */
export class MetricsFile {
  private readonly path: string

  /** @param run the run's folder */
  constructor(run: string) {
    this.path = join(run, 'metrics.jsonl')
  }

  /** Takes back what was written after a step that the run goes on from: it will come again. Makes the folder. */
  goOnFrom(step: number): void {
    mkdirSync(dirname(this.path), { recursive: true })
    const kept = this.lines().filter((line) => line.step <= step)
    writeFileDurably(this.path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  add(line: MetricsLine): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`)
  }

  /** The lines of the first so many steps, in order. */
  steps(count = Infinity): StepLine[] {
    return this.lines().filter((line) => line.kind === 'step' && line.step <= count) as StepLine[]
  }

  hasHeldOut(step: number): boolean {
    return this.lines().some((line) => line.kind === 'held-out' && line.step === step)
  }

  private lines(): MetricsLine[] {
    if (!existsSync(this.path)) return []
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as MetricsLine]
        } catch {
          // The last line of a run that was killed while it wrote.
          return []
        }
      })
  }
}

/** The line of a training step. @param seconds wall time of the step */
export function stepLine(report: StepReport, seconds: number): StepLine {
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
