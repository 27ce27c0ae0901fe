import { element, on } from '../shared/element'
import { drawLossChart, writeLegend, writeTable, type Curve } from '../shared/loss-chart'
import { onceAFrame } from '../shared/once-a-frame'
import { recentMean } from './crossing'
import type { StepLosses } from './meta-training'

const [x, y] = ['training step', 'nats per token']
const drawn = [
  { of: 'learning', name: 'TTT-E2E', colour: 'learning', look: 'solid', main: true },
  { of: 'window', name: 'window twin', colour: 'window', look: 'solid', main: true },
  { of: 'windowLimit', name: 'limit of any such window stack', colour: 'limit-window', look: 'dashed' },
  { of: 'memoryLimit', name: 'limit of full memory', colour: 'limit-memory', look: 'dotted' },
] as const

/** The losses of all steps, as smoothed curves and, step by step, as a table. */
export class CurvesView {
  private losses: readonly StepLosses[] = []
  private steps = 1
  private readonly drawSoon = onceAFrame(() => this.draw())

  constructor() {
    on(element('details', HTMLDetailsElement), 'toggle', this.drawSoon)
    new ResizeObserver(this.drawSoon).observe(element('chart', HTMLElement))
  }

  /** @param steps of the whole training */
  show(losses: readonly StepLosses[], steps: number): void {
    this.losses = losses
    this.steps = steps
    this.drawSoon()
  }

  private draw(): void {
    const curves = drawn.map(({ of, ...curve }): Curve => ({
      ...curve,
      points: this.losses.map(({ step }, i) => [step, recentMean(this.losses, of, i + 1)] as const),
    }))
    drawLossChart(element('chart', HTMLElement), { curves, x, y, lastX: this.steps })
    writeLegend(element('legend', HTMLElement), curves)
    if (!element('details', HTMLDetailsElement).open) return
    const raw = drawn.map(({ of, ...curve }): Curve => ({
      ...curve,
      points: this.losses.map((each) => [each.step, each[of]] as const),
    }))
    writeTable(element('numbers', HTMLTableElement), raw, x)
  }
}
