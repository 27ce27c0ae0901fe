/** A mean with its 95 % interval, where there is one. */
export interface WithInterval {
  mean: number
  low?: number
  high?: number
}

/** `−0.120` */
export const signed = (value: number, digits = 3) => (value < 0 ? '−' : '+') + Math.abs(value).toFixed(digits)

/** `−0.120 (−0.150 to −0.090)` */
export const inInterval = ({ mean, low, high }: WithInterval): string =>
  low === undefined || high === undefined
    ? signed(mean)
    : `${signed(mean)} (${signed(low)} to ${signed(high)})`

/** Whether it lies above or below a value beyond its interval; neither where there is none. */
export const isAbove = ({ low }: WithInterval, value: number): boolean => low !== undefined && low > value
export const isBelow = ({ high }: WithInterval, value: number): boolean => high !== undefined && high < value
