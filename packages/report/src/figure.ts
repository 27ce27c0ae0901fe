import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A drawing with its legend, as it stands in the page. */
export interface Figure {
  title: string
  caption: string
  svg: string
  legend: { name: string; colour: string; dash?: string }[]
}

/** Draws on the server side: an SVG as text, without scripts. */
export function drawSvg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({
    width: 760,
    height: 380,
    marginLeft: 60,
    marginBottom: 45,
    marginTop: 30,
    ...options,
    document,
  })
  return svg.outerHTML
}
