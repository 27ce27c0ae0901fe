import { writeFileDurably } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/cli'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Preset } from './presets'

/** What a folder of trained runs needs beside them to be read with again. */
export interface RunDescription {
  schemaVersion: 1
  presetName: string
  preset: Preset
  systems: string[]
  seeds: number
  tasks: string[]
  data?: string
}

const fileName = 'bench.json'

/** Adds this run to what the folder holds: runs with other systems, tasks or more seeds may share one. */
export function writeDescription(directory: string, description: RunDescription): void {
  const before = existsSync(join(directory, fileName)) ? readDescription(directory) : undefined
  const union = (a: string[] = [], b: string[]) => [...new Set([...a, ...b])]
  const merged: RunDescription = {
    ...description,
    systems: union(before?.systems, description.systems),
    tasks: union(before?.tasks, description.tasks),
    seeds: Math.max(before?.seeds ?? 0, description.seeds),
    data: description.data ?? before?.data,
  }
  writeFileDurably(join(directory, fileName), `${JSON.stringify(merged, null, 2)}\n`)
}

/** @throws UserError if the folder holds no stored runs */
export function readDescription(directory: string): RunDescription {
  const path = join(directory, fileName)
  if (!existsSync(path))
    throw new UserError(
      `'${directory}' holds no stored runs (no ${fileName}); give a folder that an earlier run wrote to`,
    )
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as RunDescription
    if (found.schemaVersion === 1) return found
  } catch {
    // Said below, for a file that isn't JSON and one of another form.
  }
  throw new UserError(
    `'${path}' is not a description of stored runs; give a folder that an earlier run wrote to`,
  )
}

/** Where a run writes when nothing was said, below the caller's folder. */
export function defaultOutput(caller: string, presetName: string, data?: string, model?: string): string {
  const parts = [
    'bench',
    model === undefined ? presetName : `read-${basename(model)}`,
    ...(data ? [basename(data)] : []),
  ]
  return join(caller, 'runs', parts.join('-'))
}
