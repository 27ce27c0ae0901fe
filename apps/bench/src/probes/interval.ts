import { signed, type WithInterval } from '@ttt-e2e/report'

/** `−0.123 nats (95 % interval −0.200 to −0.050)`; without the interval where one document allows none. */
export const natsWithInterval = ({ mean, low, high }: WithInterval): string =>
  `${signed(mean)} nats` +
  (low === undefined || high === undefined ? '' : ` (95 % interval ${signed(low)} to ${signed(high)})`)

/** Whether the interval holds zero or there is none. */
export const holdsZero = ({ low, high }: WithInterval): boolean =>
  low === undefined || high === undefined || (low <= 0 && high >= 0)
