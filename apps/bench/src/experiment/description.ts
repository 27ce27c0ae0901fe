import { UserError } from '@ttt-e2e/cli'
import { isThere, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { basename, join } from 'node:path'
import type { Preset } from './presets'

/** The seeds that each system is trained with. */
export interface Seeds {
  seeds: number
  /** The first of them; 0 where absent. */
  firstSeed?: number
}

/** What a folder of trained runs needs beside them to be read with again. */
export interface ExperimentDescription extends Seeds {
  schemaVersion: 2
  presetName: string
  preset: Preset
  systems: string[]
  tasks: string[]
  data?: string
  /** Of `data`: the field or column that holds the text; text where left out. */
  textField?: string
}

const fileName = 'bench.json'

/** Whether an earlier run of the bench wrote to a folder. */
export const holdsRuns = (directory: string): boolean => isThere(join(directory, fileName))

/** Adds this experiment to what the folder holds: those with other systems, tasks or more seeds may share one. @throws UserError if it can't be added */
export function writeDescription(directory: string, description: ExperimentDescription): void {
  const before = holdsRuns(directory) ? readDescription(directory) : undefined
  const union = (a: string[] = [], b: string[]) => [...new Set([...a, ...b])]
  const merged: ExperimentDescription = {
    ...description,
    systems: union(before?.systems, description.systems),
    tasks: union(before?.tasks, description.tasks),
    ...(before ? spanOf(before, description) : {}),
    data: description.data ?? before?.data,
    textField: description.data === undefined ? before?.textField : description.textField,
  }
  writeFileDurably(join(directory, fileName), `${JSON.stringify(merged, null, 2)}\n`)
}

/** @throws UserError if the folder holds no stored runs */
export function readDescription(directory: string): ExperimentDescription {
  const path = join(directory, fileName)
  if (!holdsRuns(directory))
    throw new UserError(
      `'${directory}' holds no stored runs (no ${fileName}); give a folder that an earlier run wrote to`,
    )
  const text = readWholeFile(path).toString()
  let found: Partial<ExperimentDescription> | undefined
  try {
    found = JSON.parse(text) as Partial<ExperimentDescription>
  } catch {
    // Said below, as of one of another form.
  }
  if (found?.schemaVersion === 2) return found as ExperimentDescription
  if ((found?.schemaVersion as number | undefined) === 1)
    throw new UserError(
      `'${directory}' was written by an earlier version, whose runs this one can't read; train again with another --out`,
    )
  throw new UserError(
    `'${path}' is not a description of stored runs; give a folder that an earlier run wrote to`,
  )
}

/** Where an experiment writes when nothing was said, below the caller's folder. */
export function defaultOutput(caller: string, presetName: string, data?: string, model?: string): string {
  const parts = [
    'bench',
    model === undefined ? presetName : `read-${basename(model)}`,
    ...(data ? [basename(data)] : []),
  ]
  return join(caller, 'runs', parts.join('-'))
}

/** The seeds from the first of either to the last. */
function spanOf(a: Seeds, b: Seeds): Seeds {
  const all = [...seedsOf(a), ...seedsOf(b)]
  const firstSeed = Math.min(...all)
  return { seeds: Math.max(...all) + 1 - firstSeed, ...(firstSeed > 0 && { firstSeed }) }
}

/** The seeds of an experiment in order. */
export const seedsOf = ({ seeds, firstSeed = 0 }: Seeds): number[] =>
  Array.from({ length: seeds }, (_, i) => firstSeed + i)
