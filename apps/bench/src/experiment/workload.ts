import { nameOf, type RunWork } from './run-work'

/** The seconds that are left of each run, by piece of its work; a run corrects them as it learns how fast it goes. */
export class Workload {
  private readonly runs = new Map<string, Map<string, number>>()

  /** @param workers how many runs are measured side by side */
  constructor(private readonly workers: number) {}

  set(work: RunWork, piece: string, seconds: number): void {
    const name = nameOf(work)
    const pieces = this.runs.get(name) ?? new Map<string, number>()
    this.runs.set(name, pieces.set(piece, seconds))
  }

  done(work: RunWork): void {
    this.runs.delete(nameOf(work))
  }

  /** Seconds left of one run. */
  of(work: RunWork): number {
    return sum(this.runs.get(nameOf(work))?.values() ?? [])
  }

  /** Seconds until the last run ends, where the worker that is free first takes the longest run that waits. */
  left(): number {
    const workers = Array.from({ length: this.workers }, () => 0)
    const longestFirst = [...this.runs.values()].map((pieces) => sum(pieces.values())).sort((a, b) => b - a)
    for (const seconds of longestFirst) workers[workers.indexOf(Math.min(...workers))] += seconds
    return Math.max(...workers)
  }
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)
