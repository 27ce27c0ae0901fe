import { binMeans } from '../shared/bin-means'
import { element } from '../shared/element'
import { drawLossChart, writeLegend, writeTable, type Curve } from '../shared/loss-chart'
import { onceAFrame } from '../shared/once-a-frame'
import type { Learning } from './reading-session'

/** Points of a curve at the most, and the tokens that one is the mean of at the least. */
const [mostPoints, fewestTokens] = [48, 64]
const [x, y] = ['bytes read', 'nats per byte']

/** The losses of what was read with learning and without, as curves, as a table and in a sentence. */
export class LossView {
  private nats: Record<Learning, number[]> = { on: [], off: [] }
  /** Pieces come faster than they need to be drawn. */
  private readonly drawSoon = onceAFrame(() => this.draw())

  constructor() {
    new ResizeObserver(this.drawSoon).observe(element('chart', HTMLElement))
  }

  add(nats: Record<Learning, Float32Array>): void {
    this.nats.on.push(...nats.on)
    this.nats.off.push(...nats.off)
    this.drawSoon()
  }

  clear(): void {
    this.nats = { on: [], off: [] }
    this.drawSoon()
  }

  private draw(): void {
    const pointsOf = (learning: Learning) =>
      binMeans(this.nats[learning], mostPoints, fewestTokens).map(({ end, mean }) => [end, mean] as const)
    const curves: Curve[] = [
      { name: 'learning on', colour: 'learning', look: 'solid', main: true, points: pointsOf('on') },
      { name: 'learning off', colour: 'window', look: 'dashed', points: pointsOf('off') },
    ]
    drawLossChart(element('chart', HTMLElement), { curves, x, y })
    writeLegend(element('legend', HTMLElement), curves)
    writeTable(element('numbers', HTMLTableElement), curves, x)
    element('difference', HTMLElement).textContent = this.difference()
  }

  private difference(): string {
    if (this.nats.on.length === 0) return 'The lower, the better it has predicted what came next.'
    const [on, off] = [meanOf(this.nats.on), meanOf(this.nats.off)]
    const gain = off - on
    return (
      `${on.toFixed(3)} nats per byte with learning, ${off.toFixed(3)} without: learning while reading ` +
      `${gain >= 0 ? 'saves' : 'costs'} ${Math.abs(gain).toFixed(3)}.`
    )
  }
}

function meanOf(nats: readonly number[]): number {
  const known = nats.filter((each) => !Number.isNaN(each))
  return known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length)
}
