import { openMadeTask } from '@ttt-e2e/training'
import type { Preset } from '../experiment/presets'
import { presetOf, type Benchmark } from './benchmark'

/** The tasks by the name on the command line, in the order in which they run. */
export const taskNames = ['languages', 'books'] as const

export type TaskName = (typeof taskNames)[number]

/** A task as a preset has it. */
export function openBenchmark(name: TaskName, presetName: string, preset: Preset): Benchmark {
  const given = presetOf(presetName, name, preset[name])
  return { ...given, task: openMadeTask(given.recipe) }
}
