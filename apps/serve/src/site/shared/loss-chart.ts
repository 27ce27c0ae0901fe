import * as Plot from '@observablehq/plot'

const dashes = { solid: 'none', dashed: '6 4', dotted: '2 3' }

export interface Curve {
  name: string
  /** A colour of the style sheet, which has one for light pages and one for dark. */
  colour: string
  look: keyof typeof dashes
  /** Wider than the others. */
  main?: boolean
  points: readonly (readonly [x: number, y: number])[]
}

export interface LossChart {
  curves: readonly Curve[]
  /** What stands below, and beside. */
  x: string
  y: string
  /** The last place of the horizontal axis where it is known, so that the curves grow into it. */
  lastX?: number
}

/** Draws curves of losses into an element, as wide as it is: what was drawn before is replaced. */
export function drawLossChart(element: HTMLElement, { curves, x, y, lastX }: LossChart): void {
  const drawn = curves.filter(({ points }) => points.length > 0)
  const svg = Plot.plot({
    width: Math.max(260, element.clientWidth),
    height: 300,
    marginLeft: 44,
    marginRight: 14,
    marginBottom: 40,
    style: { background: 'none', color: 'inherit', fontSize: '13px', overflow: 'visible' },
    x: { label: x, domain: [0, lastX ?? Math.max(1, ...drawn.flatMap(({ points }) => points.at(-1)![0]))] },
    y: { label: y, grid: true, nice: true },
    marks: drawn.map(({ points, colour, look, main }) =>
      Plot.line(points as [number, number][], {
        stroke: `var(--${colour})`,
        strokeWidth: main ? 2.5 : 1.5,
        strokeDasharray: dashes[look],
      }),
    ),
  })
  // The table beside it says the same to those who can't see it.
  svg.setAttribute('aria-hidden', 'true')
  element.replaceChildren(svg)
}

/** Writes what the curves are below them: a name, its line, and the latest loss. */
export function writeLegend(list: HTMLElement, curves: readonly Curve[]): void {
  list.replaceChildren(
    ...curves.map(({ name, colour, look, points }) => {
      const item = document.createElement('li')
      const sample = document.createElement('span')
      sample.className = 'sample'
      sample.style.borderTop = `3px ${look} var(--${colour})`
      const last = points.at(-1)
      item.append(sample, name, last ? ` ${last[1].toFixed(3)}` : '')
      return item
    }),
  )
}

/** Writes the curves as a table: a row for each place that the first has. */
export function writeTable(table: HTMLTableElement, curves: readonly Curve[], x: string): void {
  const row = (kind: 'th' | 'td', cells: readonly string[]) => {
    const tr = document.createElement('tr')
    for (const text of cells) {
      const cell = document.createElement(kind)
      cell.textContent = text
      tr.append(cell)
    }
    return tr
  }
  const [head, body] = [document.createElement('thead'), document.createElement('tbody')]
  head.append(row('th', [x, ...curves.map(({ name }) => name)]))
  curves[0].points.forEach(([at], i) =>
    body.append(row('td', [String(at), ...curves.map(({ points }) => points[i]?.[1].toFixed(4) ?? '')])),
  )
  table.replaceChildren(head, body)
}
