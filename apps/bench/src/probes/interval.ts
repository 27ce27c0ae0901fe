import type { PairedDifference } from '../statistics'

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`

/** `−0.123 nats (95 % interval −0.200 to −0.050)`; without the interval where one document allows none. */
export const natsWithInterval = ({ mean, low, high }: PairedDifference): string =>
  `${signed(mean)} nats` +
  (low === undefined || high === undefined ? '' : ` (95 % interval ${signed(low)} to ${signed(high)})`)

/** `−0.123 (−0.200 to −0.050)`, for tables. */
export const cellWithInterval = ({ mean, low, high }: PairedDifference): string =>
  signed(mean) + (low === undefined || high === undefined ? '' : ` (${signed(low)} to ${signed(high)})`)

/** Whether all of the interval is below zero; of no interval nothing is known. */
export const isBelowZero = ({ high }: PairedDifference): boolean => high !== undefined && high < 0

/** Whether the interval holds zero or there is none. */
export const holdsZero = ({ low, high }: PairedDifference): boolean =>
  low === undefined || high === undefined || (low <= 0 && high >= 0)
