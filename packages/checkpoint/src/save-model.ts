import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { disposeTree } from '@ttt-e2e/tensor-ops'
import { CheckpointError } from './checkpoint-error'
import { writeFolderDurably } from './durable-files'
import { loadParameters, type LoadOptions } from './load-checkpoint'
import { fileNames } from './run-info'
import { encodeRunInfo } from './save-checkpoint'

/**
 * Writes a model folder to ship: a checkpoint's parameters, bit for bit, and its run.json, without the optimizer's
 * moments (two thirds of a checkpoint). It loads like a checkpoint, but training can't go on from it.
 *
 * @param from a run or a checkpoint; it is checked as when it is loaded
 * @param to a folder that is new or empty
 * @throws CheckpointError if `from` isn't sound or `to` is taken
 */
export function saveModel(from: string, to: string, options: LoadOptions = {}): void {
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new CheckpointError(to, ['it is not empty, and a model is written to a new or empty folder'])
  const { path, info, params } = loadParameters(from, options)
  disposeTree(params)
  writeFolderDurably(to, {
    [fileNames.model]: readFileSync(join(path, fileNames.model)),
    [fileNames.info]: encodeRunInfo({ ...info, files: { ...info.files, optimizer: null } }),
  })
}
