import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { binMeans } from '../../site/shared/bin-means'
import { drawLossChart, writeTable, type Curve } from '../../site/shared/loss-chart'
import { onceAFrame } from '../../site/shared/once-a-frame'
import type { Stretch } from '../state/page-state'

/** Points of the curve at the most: more can't be seen. */
const mostPoints = 160
const x = 'tokens read'

/** How well what was read was predicted, as a curve and as a table. @param props.drawn whether there is a table, too */
export function LossCurve({ stretches, table }: { stretches: readonly Stretch[]; table?: boolean }): VNode {
  const chart = useRef<HTMLDivElement>(null)
  const numbers = useRef<HTMLTableElement>(null)
  const curve = curveOf(stretches)
  const draw = useRef(() => {})
  draw.current = () => {
    if (chart.current) drawLossChart(chart.current, { curves: [curve], x, y: 'nats per token' })
    if (numbers.current) writeTable(numbers.current, [curve], x)
  }
  const soon = useRef(onceAFrame(() => draw.current()))
  useLayoutEffect(() => soon.current())
  useEffect(() => {
    const observer = new ResizeObserver(() => soon.current())
    observer.observe(chart.current!)
    return () => observer.disconnect()
  }, [])
  return (
    <>
      <div ref={chart} class="chart" />
      {table && (
        <details>
          <summary>The numbers</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label="Losses as a table">
            <table ref={numbers} />
          </div>
        </details>
      )}
    </>
  )
}

function curveOf(stretches: readonly Stretch[]): Curve {
  const bins = binMeans(
    stretches.map(({ loss }) => loss),
    mostPoints,
    1,
  )
  const points = bins.map(({ end, mean }) => [stretches[end - 1].end, mean] as const)
  return { name: 'nats per token', colour: 'learning', look: 'solid', main: true, points }
}
