import { makeFolder } from '@ttt-e2e/tensor-ops/files'
import { spawnSync } from 'node:child_process'
import { cardName } from './card'
import type { GpuOptions } from './options'
import type { GpuResults, Outcome } from './outcome'
import { partsOf, usualMinutes } from './parts'
import { readResults, writeResults } from './results'
import { runPart } from './run-part'

/** What is done by others, for tests to stand in for. */
interface Means {
  run(...given: Parameters<typeof runPart>): Promise<Outcome>
  card(): string | undefined
  /** Whether such a Python can be run. */
  hasPython(path: string): boolean
  /** Milliseconds. */
  now(): number
  print(line: string): void
}

const means: Means = {
  run: runPart,
  card: cardName,
  hasPython: (path) => spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0,
  now: () => performance.now(),
  print: (line) => console.log(line),
}

/**
 * Measures on a graphics card, by the bench's own commands in a process each. What can't run here is passed over with a
 * sentence, and results are written after each part; those of parts that aren't asked for stay.
 *
 * @returns the exit code: 1 where nothing could be measured
 * @throws UserError where the folder holds something else, or no part is called so
 * @throws FileError
 */
export async function measureGpu(options: GpuOptions, using: Partial<Means> = {}): Promise<number> {
  const { run, card, hasPython, now, print } = { ...means, ...using }
  const start = now()
  const secondsLeft = () => 60 * options.minutes - (now() - start) / 1000
  makeFolder(options.out)
  const results: GpuResults = { ...readResults(options.out), card: card(), options }
  results.startedAt ??= new Date().toISOString()
  const withPeers = options.peers !== undefined && hasPython(options.python)
  if (options.peers !== undefined && !withPeers)
    print(`peers are left out: '${options.python}' can't be run; give --python the path of a Python`)
  const parts = partsOf(withPeers ? options : { ...options, peers: undefined })
  const tooMuch = new Set<string>()
  for (const [i, part] of parts.entries()) {
    const began = now()
    const outcome = await attempt(part)
    const seconds = ((now() - began) / 1000).toFixed(0)
    print(`${i + 1}/${parts.length} ${part.name}: ${outcome.skipped ?? `${seconds} s`}`)
    results.outcomes = [...results.outcomes.filter(({ name }) => name !== part.name), outcome]
    results.finishedAt = new Date().toISOString()
    writeResults(options.out, results)
  }
  print(`results: ${options.out}`)
  return results.outcomes.some(({ record }) => record?.rows.length) ? 0 : 1

  async function attempt(part: (typeof parts)[number]): Promise<Outcome> {
    const { name, family } = part
    const seconds = Math.min(part.seconds * Math.max(1, options.minutes / usualMinutes), secondsLeft())
    if (seconds < leastSeconds)
      return { name, skipped: `the ${options.minutes} minutes were over (--only measures it)` }
    if (family !== undefined && tooMuch.has(family))
      return { name, skipped: 'a shorter one could not be measured' }
    const outcome = await run(part, seconds, options.out)
    if (outcome.skipped !== undefined && family !== undefined) tooMuch.add(family)
    return outcome
  }
}

/** With less time left a part isn't begun. */
const leastSeconds = 5
