/** Colours that colour-blind readers can tell apart (Okabe and Ito); a system has the same one in every figure. */
const palette = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7a5195', '#8c6d31']

const fixed = ['ttt-e2e', 'full-attention', 'swa', 'ttt-static', 'ttt-off', 'ttt-naive']

export function colourOf(system: string, among: string[]): string {
  const known = fixed.indexOf(system)
  if (known >= 0) return palette[known]
  const place = Math.max(0, among.filter((name) => !fixed.includes(name)).indexOf(system))
  // Past the palette, hues as far from those before as a circle allows: turns of the golden angle.
  return palette[fixed.length + place] ?? `hsl(${Math.round(place * 137.5) % 360} 55% 48%)`
}

export const referenceColour = 'currentColor'
export const referenceDashes = ['6 4', '2 3', '8 3 2 3']

/** The colour of the i-th of a few things that have no names of their own in other figures. */
export const colourAt = (i: number): string => palette[i % palette.length]

/** Of the i-th of several parts in an order: from blue to red. */
export const colourInOrder = (i: number, count: number): string =>
  `hsl(${Math.round(225 - (210 * i) / Math.max(1, count - 1))} 60% 48%)`
