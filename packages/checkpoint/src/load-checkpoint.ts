import { join } from 'node:path'
import { trainedTree, type RunState } from '@ttt-e2e/meta-outer'
import { disposeTree, safetensorsSource, treeForm } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import { folderOnDisk, hashOfFile } from './folders/folder-on-disk'
import type { Extensions } from './formats/format'
import { hashProblems, storedModel } from './formats/ttt-e2e/format'
import { buildFor, loadStored, loadTree } from './load-tree'
import { readRunInfo } from './read-run-info'
import { latestCheckpoint } from './run-folder'
import { fileNames, trainingSchema, type RunInfo, type TrainedRunInfo } from './run-info'

export interface LoadOptions extends Extensions {
  /** Told why a newer checkpoint of a run was passed over; printed as a warning where left out. */
  onSkipped?(reason: string): void
}

/** A run to go on with. The caller disposes the state. */
export interface Checkpoint {
  /** The checkpoint's own folder. */
  path: string
  info: TrainedRunInfo
  system: System
  state: RunState
}

/**
 * Loads what training goes on from. Where a run's newest checkpoint is damaged, the one before it is taken.
 *
 * @param folder of a run, or of one checkpoint
 * @throws CheckpointError listing everything that doesn't match
 */
export async function loadCheckpoint(folder: string, options: LoadOptions = {}): Promise<Checkpoint> {
  const path = locate(folder, options)
  const info = readRunInfo(path, options)
  const problems = missingOfTraining(info)
  const [model, optimizer] = await Promise.all([
    openFile(path, 'model', info, problems),
    openFile(path, 'optimizer', info, problems),
  ])
  const { architecture } = info.model
  const system = model && buildFor({ architecture, ...model }, options, problems)
  const params = system && (await loadTree(treeForm(system.decoder.init), model, problems))
  const moments = system && optimizer && (await loadTree(momentsForm(system, info), optimizer, problems))
  for (const file of [model, optimizer]) if (file) problems.push(...(await file.verify()))
  if (problems.length > 0 || !params || !moments) {
    disposeTree([params ?? [], moments ?? []])
    throw new CheckpointError(path, problems)
  }
  const { step, tokens, cursor } = info as TrainedRunInfo
  return {
    path,
    info: info as TrainedRunInfo,
    system,
    state: { params, ...moments, step, tokens, ...(cursor !== null && { cursor }) },
  }
}

function momentsForm(system: System, { recipe }: RunInfo) {
  const form = trainedTree(system, treeForm(system.decoder.init), recipe?.training.trains ?? 'all')
  return { firstMoments: form, secondMoments: form }
}

/** The parameters of a checkpoint, of a run's latest one, or of a model folder. The caller disposes them. */
export async function loadParameters(folder: string, options: LoadOptions = {}) {
  const path = locate(folder, options)
  const info = readRunInfo(path, options)
  const stored = await storedModel(folderOnDisk(path), info)
  return { path, info, ...(await loadStored(stored, path, options)) }
}

/** Where a run's model lies: its newest good checkpoint, or the folder itself. @throws CheckpointError if there is none */
export function locate(folder: string, { onSkipped = console.warn }: LoadOptions = {}): string {
  if (!isThere(folder)) throw new CheckpointError(folder, ['there is no such folder'])
  if (isThere(join(folder, fileNames.info))) return folder
  const latest = latestCheckpoint(folder)
  if (!latest)
    throw new CheckpointError(folder, [
      `it holds no checkpoint (neither ${fileNames.info} nor checkpoints/step-…)`,
    ])
  for (const { message } of latest.skipped) onSkipped(`${message}; '${latest.path}' is taken instead`)
  return latest.path
}

const missingOfTraining = (info: RunInfo): string[] =>
  Object.keys(trainingSchema).flatMap((field) =>
    info[field as keyof typeof trainingSchema] === undefined
      ? [`${fileNames.info}: ${field}: it is missing, and training goes on by it`]
      : [],
  )

async function openFile(path: string, kind: 'model' | 'optimizer', info: RunInfo, problems: string[]) {
  const weightsFile = fileNames[kind]
  const saved = info.files[kind]
  if (saved === null) {
    problems.push('it is a model to read with, saved without the optimizer')
    return undefined
  }
  const folder = folderOnDisk(path)
  const file = await folder.open(weightsFile)
  if (!file) {
    problems.push(`${weightsFile} is missing`)
    return undefined
  }
  const verify = async () => hashProblems(weightsFile, saved.sha256, hashOfFile(join(path, weightsFile)))
  return { weightsFile, weights: await safetensorsSource(file), bytes: file.size, verify }
}
