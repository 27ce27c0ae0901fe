/** `42 s`, `3:05 min`, `2:10 h`, `12 days` */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`
  return `${Math.round(whole / 86_400)} days`
}

/** `1.5 GiB` */
export const formatBytes = (bytes: number): string =>
  scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ' ')

/** `125.3M` */
export const formatCount = (n: number): string => scaled(n, 1000, ['', 'K', 'M', 'G', 'T', 'P'], '')

function scaled(value: number, base: number, units: string[], space: string): string {
  let unit = 0
  while (value >= base && unit < units.length - 1) {
    value /= base
    unit++
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toPrecision(3)}${space}${units[unit]}`
}

/** Names and what they are, a line each, one below the other. */
export function formatList(entries: readonly (readonly [name: string, summary: string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length)) + 2
  return entries.map(([name, summary]) => `  ${name.padEnd(width)}${summary}`).join('\n')
}
