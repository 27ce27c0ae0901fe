import { UserError } from '@ttt-e2e/cli'
import { makeFolder, readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { appendFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { speedsOf } from '../report/speeds-of'

/** What one run of the bench timed. */
export interface HistoryLine {
  at: string
  /** The commit; null outside of git. */
  gitHash: string | null
  /** What the times depend on beside the program: the processor, the engine with its threads, the preset. */
  conditions: string
  /** Seconds of each piece of work, by what it is. */
  seconds: Record<string, number>
}

/** Where the speeds of a folder's runs are kept. @param caller the folder that the caller works in */
export const historyFile = (caller: string) => join(caller, 'runs', 'bench-history.jsonl')

/** Adds what a run timed to the history; what it has taken from an earlier run isn't added again. */
export function keepSpeeds(path: string, results: Results, probes: readonly Probe[]): void {
  const { machine, engine, options, gitHash, finishedAt } = results
  const seconds = speedsOf(results, probes)
  if (Object.keys(seconds).length === 0) return
  const line: HistoryLine = {
    at: finishedAt,
    gitHash,
    conditions: [
      machine.processor,
      `${machine.cores} cores`,
      engine.line,
      `preset ${options.presetName}`,
    ].join(' · '),
    seconds,
  }
  if (readHistory(path).some((each) => isDeepStrictEqual(each.seconds, seconds))) return
  makeFolder(dirname(path))
  appendFileSync(path, `${JSON.stringify(line)}\n`)
}

/** @throws UserError for a line that isn't one of a history; a last one that was cut off is left out */
export function readHistory(path: string): HistoryLine[] {
  if (!existsSync(path)) return []
  const lines = readWholeFile(path).toString().split('\n')
  lines.pop()
  return lines.map((text, i) => {
    try {
      const line = JSON.parse(text) as Partial<HistoryLine>
      if (typeof line.conditions === 'string' && line.seconds) return line as HistoryLine
    } catch {
      // Said below, as of one of another form.
    }
    throw new UserError(`line ${i + 1} of '${path}' is not one of the bench's history; remove it`)
  })
}
