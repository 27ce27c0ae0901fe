/** What was measured, and what it should be. */
export interface Finding {
  what: string
  value: number
  unit: string
  /** What is aimed at: at most, or at least, so much of the unit. */
  aim?: { most: number } | { least: number }
}

/** Whether a finding is what was aimed at; undefined where nothing was. */
export function isReached({ value, aim }: Finding): boolean | undefined {
  if (!aim) return undefined
  return 'most' in aim ? value <= aim.most : value >= aim.least
}

/** One line for each, with what was aimed at. */
export function describeFinding(finding: Finding): string {
  const { what, value, unit, aim } = finding
  const said = `${what}: ${value.toPrecision(4)} ${unit}`
  if (!aim) return said
  const aimed = 'most' in aim ? `at most ${aim.most}` : `at least ${aim.least}`
  return `${said} (${aimed}: ${isReached(finding) ? 'yes' : 'no'})`
}

/** The value that so great a share of the values is not above. @param values one at least */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}
