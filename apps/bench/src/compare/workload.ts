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
