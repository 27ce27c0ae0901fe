import { readdirSync } from 'node:fs'
import { recordOfTokenizer } from '@ttt-e2e/data'
import { disposeTree, SafetensorsError } from '@ttt-e2e/tensor-ops'
import { isThere, writeFolderDurably } from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import { loadParameters, type LoadOptions } from './load-checkpoint'
import type { Model } from './model'
import { fileNames, type RunInfo } from './run-info'
import { encodeRunInfo, withoutRecord } from './save-checkpoint'
import { versions } from './versions'
import { treePieces } from './write-tree'

/**
 * Writes a model folder to ship: the parameters, bit for bit, and a run.json, without the optimizer's moments (two thirds
 * of a checkpoint). It loads like a checkpoint, but training can't go on from it.
 *
 * @param from a run or a checkpoint, which is checked as when it is loaded; or a model, of any format and any system
 * @param to a folder that is new or empty
 * @throws CheckpointError if `from` isn't sound or `to` is taken
 */
export async function saveModel(from: string | Model, to: string, options: LoadOptions = {}): Promise<void> {
  if (isThere(to) && readdirSync(to).length > 0)
    throw new CheckpointError(to, ['it is not empty, and a model is written to a new or empty folder'])
  if (typeof from !== 'string') return write(to, from, describe(from, to))
  const loaded = await loadParameters(from, options)
  try {
    await write(to, loaded, loaded.info)
  } finally {
    disposeTree(loaded.params)
  }
}

async function write(
  to: string,
  { params }: Pick<Model, 'params'>,
  { files: _files, data: _data, ...info }: Omit<RunInfo, 'files'> & { files?: unknown },
): Promise<void> {
  try {
    await writeFolderDurably(to, async (write) => {
      const model = await write(fileNames.model, treePieces(params))
      await write(fileNames.info, encodeRunInfo({ ...info, files: { model, optimizer: null } }, to))
    })
  } catch (error) {
    throw error instanceof SafetensorsError ? new CheckpointError(to, error.problems) : error
  }
}

function describe(model: Model, to: string): Omit<RunInfo, 'files'> {
  const { system, tokenizer, documentsBeginWithBos, recipe } = model
  if (!system.architecture) throw new CheckpointError(to, [withoutRecord(system)])
  return {
    schemaVersion: 2,
    model: {
      architecture: system.architecture,
      tokenizer: { ...recordOfTokenizer(tokenizer) },
      documentsBeginWithBos,
    },
    ...(recipe && { recipe }),
    versions: versions(),
    gitHash: null,
    savedAt: new Date().toISOString(),
  }
}
