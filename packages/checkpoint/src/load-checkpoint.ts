import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import type { RunState } from '@ttt-e2e/meta-outer'
import { disposeTree, fromPlainTensor, treeMap, type PlainTensors } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { CheckpointError } from './checkpoint-error'
import { emptyParameters, parameterShapes } from './parameter-form'
import { readRunInfo } from './read-run-info'
import { latestCheckpoint, sha256 } from './run-folder'
import { fileNames, type RunInfo } from './run-info'
import { readExpectedTensors } from './expected-tensors'

export interface LoadOptions {
  /** Told why a newer checkpoint of a run was passed over; printed as a warning where left out. */
  onSkipped?(reason: string): void
}

/** A run to go on with. The caller disposes the state. */
export interface Checkpoint {
  /** The checkpoint's own folder. */
  path: string
  info: RunInfo
  system: System
  state: RunState
}

/**
 * Loads what training goes on from. Where a run's newest checkpoint is damaged, the one before it is taken.
 *
 * @param folder of a run, or of one checkpoint
 * @throws CheckpointError listing everything that doesn't match
 */
export function loadCheckpoint(folder: string, options: LoadOptions = {}): Checkpoint {
  const { path, info, system, plain } = readCheckpoint(folder, 'all', options)
  const params = upload(system, plain, '')
  return {
    path,
    info,
    system,
    state: {
      params,
      firstMoments: upload(system, plain, 'firstMoments.'),
      secondMoments: upload(system, plain, 'secondMoments.'),
      step: info.step,
      tokens: info.tokens,
      ...(info.cursor !== null && { cursor: info.cursor }),
    },
  }
}

/** The parameters of a checkpoint, of a run's latest one, or of a model folder. The caller disposes them. */
export function loadParameters(folder: string, options: LoadOptions = {}) {
  const { path, info, system, plain } = readCheckpoint(folder, 'model', options)
  return { path, info, system, params: upload(system, plain, '') }
}

function upload(system: System, plain: PlainTensors, group: string): Params {
  const form = emptyParameters(system)
  const params = treeMap(form, (_, path) => fromPlainTensor(plain[group + path]))
  disposeTree(form)
  return params
}

function readCheckpoint(folder: string, which: 'all' | 'model', options: LoadOptions) {
  const path = locate(folder, options)
  const info = readRunInfo(path)
  const problems: string[] = []
  const model = readFile(path, 'model', info, problems)
  const optimizer = which === 'all' ? readFile(path, 'optimizer', info, problems) : undefined
  const system = buildSystem(info, model, problems)
  const plain: PlainTensors = {}
  if (system) {
    const shapes = parameterShapes(system)
    const moments = ['firstMoments', 'secondMoments'].flatMap((group) =>
      [...shapes].map(([name, shape]) => [`${group}.${name}`, shape] as const),
    )
    if (model) Object.assign(plain, check(fileNames.model, model, shapes, problems))
    if (optimizer) Object.assign(plain, check(fileNames.optimizer, optimizer, new Map(moments), problems))
  }
  for (const [kind, bytes] of Object.entries({ model, optimizer }))
    if (bytes && sha256(bytes) !== info.files[kind as 'model']?.sha256)
      problems.push(`${fileNames[kind as 'model']} is not the file that was saved (its hash differs)`)
  if (problems.length > 0 || !system) throw new CheckpointError(path, problems)
  return { path, info, system, plain }
}

function locate(folder: string, { onSkipped = console.warn }: LoadOptions): string {
  if (!existsSync(folder)) throw new CheckpointError(folder, ['there is no such folder'])
  if (existsSync(join(folder, fileNames.info))) return folder
  const latest = latestCheckpoint(folder)
  if (!latest)
    throw new CheckpointError(folder, [
      `it holds no checkpoint (neither ${fileNames.info} nor checkpoints/step-…)`,
    ])
  for (const { message } of latest.skipped) onSkipped(`${message}; '${latest.path}' is taken instead`)
  return latest.path
}

function readFile(path: string, kind: 'model' | 'optimizer', info: RunInfo, problems: string[]) {
  const name = fileNames[kind]
  if (info.files[kind] === null) problems.push('it is a model to read with, saved without the optimizer')
  else if (!existsSync(join(path, name))) problems.push(`${name} is missing`)
  else return readFileSync(join(path, name))
  return undefined
}

function buildSystem(info: RunInfo, model: Uint8Array | undefined, problems: string[]): System | undefined {
  try {
    const system = createSystem(info.recipe.system, info.recipe.size)
    const fewest = system.decoder.parameterCount * 4
    // Before anything is allocated: damaged sizes may ask for more memory than there is. A difference that is not as
    // large is told tensor by tensor.
    if (!model || fewest <= 2 * model.length) return system
    problems.push(
      `a model of the recipe's size has at least ${fewest} bytes, ${fileNames.model} has ${model.length}`,
    )
  } catch (error) {
    problems.push((error as Error).message)
  }
  return undefined
}

function check(
  file: string,
  bytes: Uint8Array,
  expected: ReadonlyMap<string, readonly number[]>,
  problems: string[],
): PlainTensors | undefined {
  const own: string[] = []
  const tensors = readExpectedTensors(bytes, expected, own)
  problems.push(...own.map((problem) => `${file}: ${problem}`))
  return tensors
}
