import stored from './rates.json'
import type { Sweeps } from './sweeps-file'
import { systemRate, type SystemRate } from './system-rate'

/** The peak rates that the sweep kept here found best on a task, by system; those that it hasn't measured are left out. */
export function sweptRates(task: string): Record<string, SystemRate> {
  const { losses = {} } = (stored as Sweeps)[task] ?? {}
  return Object.fromEntries(Object.entries(losses).map(([system, byRate]) => [system, systemRate(byRate)]))
}
