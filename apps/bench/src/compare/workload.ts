/** What is left to do, in seconds, by piece of work; each corrects its own share as it learns how fast it goes. */
export class Workload {
  private readonly items = new Map<string, number>()

  set(key: string, seconds: number): void {
    this.items.set(key, seconds)
  }

  done(key: string): void {
    this.items.delete(key)
  }

  left(): number {
    return [...this.items.values()].reduce((sum, seconds) => sum + seconds, 0)
  }
}

/** `42 s`, `3:05 min`, `2:10 h` */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`
}
